//! NSRL RDS 3: `FILE`, a table in the minimal databases and a view in the full ones.

use super::{Rows, push_hash, text};
use crate::error::RowError;
use hashward_hash::HashKind;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, Row};
use serde_json::Value;

/// The columns that are read, in the order of the query.
const COLUMNS: [&str; 6] = ["sha256", "sha1", "md5", "file_name", "file_size", "package_id"];

/// Functions that NSRL's views use or may use; none of them has effects or makes much of little.
const FUNCTIONS: [&str; 10] =
    ["upper", "lower", "trim", "ltrim", "rtrim", "substr", "coalesce", "ifnull", "hex", "length"];

pub(super) fn read(connection: &mut Connection, rows: &mut Rows<'_, '_>) -> rusqlite::Result<()> {
    let there = {
        let mut statement =
            connection.prepare("SELECT lower(name) FROM pragma_table_info('FILE')")?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        names.collect::<rusqlite::Result<Vec<String>>>()?
    };
    // A database without one of the columns is still a list, as long as it has hashes.
    let columns = COLUMNS.map(|name| if there.iter().any(|it| it == name) { name } else { "NULL" });
    connection.authorizer(Some(authorize))?;
    let mut statement = connection.prepare(&format!("SELECT {} FROM FILE", columns.join(", ")))?;
    let mut found = statement.query([])?;
    while let Some(record) = found.next()? {
        rows.begin();
        let filled = fill(record, rows);
        if rows.end(filled).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn fill(record: &Row<'_>, rows: &mut Rows<'_, '_>) -> Result<(), RowError> {
    let row = &mut rows.row;
    let cell = |index: usize| record.get_ref(index).unwrap_or(rusqlite::types::ValueRef::Null);
    push_hash(HashKind::Sha256, cell(0), row)?;
    push_hash(HashKind::Sha1, cell(1), row)?;
    push_hash(HashKind::Md5, cell(2), row)?;
    row.name = text("name", cell(3), row);
    for (index, name) in [(4, "size"), (5, "package_id")] {
        if let Some(value) = text(name, cell(index), row) {
            row.attributes.insert(name.to_owned(), Value::String(value));
        }
    }
    Ok(())
}

/// Lets a view select, and nothing else.
fn authorize(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Read { .. } => true,
        AuthAction::Function { function_name } => {
            FUNCTIONS.iter().any(|known| function_name.eq_ignore_ascii_case(known))
        }
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}
