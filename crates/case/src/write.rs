//! Writing: settings, runs, and batches of items and findings.

use crate::error::CaseError;
use crate::item::{Item, Settings, checksum, key, path_bytes};
use crate::open::Case;
use rusqlite::{OptionalExtension, Transaction};

/// A run whose findings are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(i64);

impl Case {
    /// The number of settings that decide what examining a file gives, by their description.
    ///
    /// # Errors
    /// [`CaseError`] when the case cannot be written.
    pub fn settings(&mut self, description: &str) -> Result<Settings, CaseError> {
        let number = || {
            self.connection.execute(
                "INSERT INTO settings (description) VALUES (?1) ON CONFLICT DO NOTHING",
                [description],
            )?;
            self.connection.query_row(
                "SELECT id FROM settings WHERE description = ?1",
                [description],
                |row| row.get(0),
            )
        };
        number().map(Settings).map_err(|error| self.sqlite(error))
    }

    /// Begins a run that was asked for in these words. If the last run was asked for in the same
    /// words and has not come to its end, this is that run again: its findings are dropped, and
    /// will be written anew.
    ///
    /// # Errors
    /// [`CaseError`] when the case cannot be written.
    pub fn begin_run(&mut self, asked: &str) -> Result<RunId, CaseError> {
        let begin = |transaction: &Transaction<'_>| {
            let last: Option<(i64, String, bool)> = transaction
                .query_row(
                    "SELECT id, asked, summary IS NULL FROM runs ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            if let Some((id, before, true)) = last
                && before == asked
            {
                transaction.execute("DELETE FROM findings WHERE run = ?1", [id])?;
                return Ok(RunId(id));
            }
            transaction.execute("INSERT INTO runs (asked) VALUES (?1)", [asked])?;
            Ok(RunId(transaction.last_insert_rowid()))
        };
        self.transaction(begin)
    }

    /// Keeps items and, for a run, findings with their numbers, in one transaction. An item takes
    /// the place of what was kept under the same path before.
    ///
    /// # Errors
    /// [`CaseError`] when the case cannot be written; then nothing of the batch is kept.
    pub fn write(
        &mut self,
        items: &[Item],
        run: Option<RunId>,
        findings: &[(u64, String)],
    ) -> Result<(), CaseError> {
        self.transaction(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO items (key, path, settings, stamp, outcome, checksum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (key) DO UPDATE SET path = excluded.path,
                     settings = excluded.settings, stamp = excluded.stamp,
                     outcome = excluded.outcome, checksum = excluded.checksum",
            )?;
            for item in items {
                let path = path_bytes(&item.path);
                let stamp = item.stamp.as_ref().map(hashward_evidence::Stamp::to_bytes);
                let stamp = stamp.as_ref().map(<[u8; _]>::as_slice);
                let outcome = item.outcome.to_bytes();
                let sum = checksum(path, stamp, item.settings.0, &outcome);
                statement.execute((key(&item.path), path, item.settings.0, stamp, outcome, sum))?;
            }
            let mut statement = transaction
                .prepare_cached("INSERT INTO findings (run, number, record) VALUES (?1, ?2, ?3)")?;
            for (number, record) in findings {
                let run = run.map(|run| run.0);
                statement.execute((run, number.cast_signed(), record))?;
            }
            Ok(())
        })
    }

    /// Notes that a run came to its end, and what it summed up to.
    ///
    /// # Errors
    /// [`CaseError`] when the case cannot be written.
    pub fn finish_run(&mut self, run: RunId, summary: &str) -> Result<(), CaseError> {
        self.transaction(|transaction| {
            transaction
                .execute("UPDATE runs SET summary = ?2 WHERE id = ?1", (run.0, summary))
                .map(drop)
        })
    }

    /// The findings of the last run that came to its end, in order, and its summary.
    ///
    /// # Errors
    /// [`CaseError`] when the case cannot be read.
    pub fn last_findings(&self, mut each: impl FnMut(&str)) -> Result<Option<String>, CaseError> {
        let mut read = || {
            let last: Option<(i64, String)> = self
                .connection
                .query_row(
                    "SELECT id, summary FROM runs WHERE summary IS NOT NULL
                     ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((run, summary)) = last else { return Ok(None) };
            let mut statement = self
                .connection
                .prepare("SELECT record FROM findings WHERE run = ?1 ORDER BY number")?;
            let mut rows = statement.query([run])?;
            while let Some(row) = rows.next()? {
                each(row.get_ref(0)?.as_str()?);
            }
            Ok(Some(summary))
        };
        read().map_err(|error: rusqlite::Error| self.sqlite(error))
    }

    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CaseError> {
        let folder = self.folder.clone();
        let run = || {
            let transaction = self.connection.transaction()?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run().map_err(|error| crate::open::sqlite(&folder, error))
    }
}
