//! The tables.

/// Format of the catalogue; kept in SQLite's `user_version`, one higher, so that 0 is no format.
pub const FORMAT: i64 = 0;

/// `user_version` of a finished catalogue.
pub(crate) const USER_VERSION: i64 = FORMAT + 1;

/// Marks the file as ours ("hWrd").
pub(crate) const APPLICATION_ID: i64 = 0x6857_7264;

pub(crate) const SCHEMA: &str = "
CREATE TABLE lists (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL CHECK (kind IN ('known', 'ignore')),
    settings    TEXT NOT NULL CHECK (json_valid(settings)),
    active      INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at  TEXT NOT NULL
) STRICT;

CREATE TABLE versions (
    list        INTEGER NOT NULL REFERENCES lists (id),
    number      INTEGER NOT NULL CHECK (number > 0),
    state       TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'withdrawn')),
    imported_at TEXT NOT NULL,
    delta       INTEGER NOT NULL CHECK (delta IN (0, 1)),
    counts      TEXT NOT NULL,
    tool        TEXT NOT NULL,
    digest      TEXT NOT NULL,
    manifest    TEXT,
    PRIMARY KEY (list, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_active_version ON versions (list) WHERE state = 'active';
CREATE INDEX kept_versions ON versions (list, number, manifest) WHERE manifest IS NOT NULL;

CREATE TABLE sources (
    list     INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    bytes    INTEGER NOT NULL,
    format   TEXT NOT NULL,
    signer   TEXT,
    PRIMARY KEY (list, number, position),
    FOREIGN KEY (list, number) REFERENCES versions (list, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE categories (
    list          INTEGER NOT NULL REFERENCES lists (id),
    name          TEXT NOT NULL,
    first_version INTEGER NOT NULL,
    PRIMARY KEY (list, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE schemes (
    name     TEXT PRIMARY KEY,
    content  TEXT NOT NULL CHECK (json_valid(content)),
    added_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
    digest TEXT PRIMARY KEY,
    list   INTEGER NOT NULL REFERENCES lists (id),
    rows   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY CHECK (seq > 0),
    digest     TEXT NOT NULL UNIQUE,
    time       TEXT NOT NULL,
    action     TEXT NOT NULL,
    list       TEXT,
    generation TEXT NOT NULL
) STRICT;

CREATE TABLE generations (
    sequence INTEGER PRIMARY KEY,
    digest   TEXT NOT NULL UNIQUE,
    audit    INTEGER NOT NULL REFERENCES audit (seq) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE current (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER REFERENCES generations (sequence),
    next_entry INTEGER NOT NULL CHECK (next_entry > 0),
    audit      INTEGER REFERENCES audit (seq)
) STRICT;
INSERT INTO current VALUES (1, NULL, 1, NULL);
";
