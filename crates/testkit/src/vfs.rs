//! SQLite's files on a recorded disk: a VFS that passes everything on to the system's own and notes
//! what changes.
//!
//! It is SQLite's default VFS of the process once a recorder was made, so that the code under test
//! opens its database as always. Files outside recorded folders are not touched by it. A file is
//! opened by the system's VFS in the memory that SQLite gives, and only the table of its methods is
//! changed for a copy with four of them replaced.

use crate::crash::{State, Step};
use libsqlite3_sys as sqlite;
use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError, Weak};

/// The system's VFS, the methods of its files, and what is recorded.
struct Shim {
    /// Address of the system's `sqlite3_vfs`, which lives as long as the process.
    system: usize,
    /// For each table of methods seen, the address of the copy with our methods.
    tables: Mutex<HashMap<usize, usize>>,
    /// By the address of an open file.
    open: Mutex<HashMap<usize, Open>>,
    recorders: Mutex<Vec<Weak<State>>>,
}

/// A recorded file that is open.
#[derive(Clone)]
struct Open {
    state: Arc<State>,
    file: usize,
    inner: PathBuf,
    /// The system's VFS syncs the folder at the first sync of a new log.
    new_log: bool,
    /// Address of the system's table of methods.
    methods: usize,
}

static SHIM: OnceLock<Shim> = OnceLock::new();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records the files of SQLite in a folder for as long as `state` lives.
pub(crate) fn register(state: &Arc<State>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(install);
    if let Some(shim) = SHIM.get() {
        let mut recorders = lock(&shim.recorders);
        recorders.retain(|known| known.strong_count() > 0);
        recorders.push(Arc::downgrade(state));
    }
}

fn install() {
    // SAFETY: finding and registering a VFS is what these functions are for and they lock for
    // themselves; a null name finds the default. What is registered is a copy of a valid VFS, with
    // functions of the right types, and is leaked, so it is valid for ever.
    unsafe {
        let system = sqlite::sqlite3_vfs_find(std::ptr::null());
        assert!(!system.is_null(), "SQLite has a VFS");
        let _ = SHIM.set(Shim {
            system: system as usize,
            tables: Mutex::default(),
            open: Mutex::default(),
            recorders: Mutex::default(),
        });
        let mut own = *system;
        own.zName = c"hashward-recorded".as_ptr();
        own.pNext = std::ptr::null_mut();
        own.xOpen = Some(open);
        own.xDelete = Some(delete);
        let status = sqlite::sqlite3_vfs_register(Box::leak(Box::new(own)), 1);
        assert_eq!(status, sqlite::SQLITE_OK);
    }
}

impl Shim {
    /// The recorder of a path, and the path below its folder.
    fn recorder(&self, path: &Path) -> Option<(Arc<State>, PathBuf)> {
        let recorders: Vec<Arc<State>> =
            lock(&self.recorders).iter().filter_map(Weak::upgrade).collect();
        recorders.into_iter().find_map(|state| {
            let inner = path.strip_prefix(&state.root).ok()?.to_owned();
            Some((state, inner))
        })
    }

    fn opened(&self, file: *mut sqlite::sqlite3_file) -> Option<Open> {
        lock(&self.open).get(&(file as usize)).cloned()
    }
}

/// # Safety
/// `name` is null or a C string.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller says that it is a C string; it is copied at once.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    #[cfg(unix)]
    return Some(PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)));
    #[cfg(not(unix))]
    return std::str::from_utf8(bytes).ok().map(PathBuf::from);
}

unsafe extern "C" fn open(
    _: *mut sqlite::sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let Some(shim) = SHIM.get() else { return sqlite::SQLITE_CANTOPEN };
    let system = shim.system as *mut sqlite::sqlite3_vfs;
    // SAFETY: the arguments are SQLite's, passed on unchanged to the function of the VFS that it
    // belongs to; `szOsFile` is that VFS's, so `file` has the room that it needs.
    let status = unsafe {
        match (*system).xOpen {
            Some(system_open) => system_open(system, name, file, flags, out_flags),
            None => sqlite::SQLITE_CANTOPEN,
        }
    };
    // SAFETY: SQLite gives null or a C string.
    let path = unsafe { path_of(name) };
    let recorder = path.and_then(|path| shim.recorder(&path));
    let Some((state, inner)) = recorder.filter(|_| status == sqlite::SQLITE_OK) else {
        return status;
    };
    let new_log = flags & sqlite::SQLITE_OPEN_WAL != 0 && !state.is_known(&inner);
    let id = state.open(&inner);
    // SAFETY: after a successful open the first field of the file is its table of methods, which
    // the system's VFS keeps for ever. The copy that takes its place is leaked.
    unsafe {
        let methods = (*file).pMethods;
        let own = *lock(&shim.tables).entry(methods as usize).or_insert_with(|| {
            let mut own = *methods;
            own.xClose = Some(close);
            own.xWrite = Some(write);
            own.xTruncate = Some(truncate);
            own.xSync = Some(sync);
            std::ptr::from_ref(Box::leak(Box::new(own))) as usize
        });
        let methods = methods as usize;
        let opened = Open { state, file: id, inner, new_log, methods };
        lock(&shim.open).insert(file as usize, opened);
        (*file).pMethods = own as *const sqlite::sqlite3_io_methods;
    }
    status
}

unsafe extern "C" fn delete(
    _: *mut sqlite::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let Some(shim) = SHIM.get() else { return sqlite::SQLITE_IOERR_DELETE };
    let system = shim.system as *mut sqlite::sqlite3_vfs;
    let act = || {
        // SAFETY: the arguments are SQLite's, passed on to the VFS that they are meant for.
        unsafe { (*system).xDelete.map_or(sqlite::SQLITE_OK, |f| f(system, name, sync_folder)) }
    };
    // SAFETY: SQLite gives null or a C string.
    let path = unsafe { path_of(name) };
    let Some((state, inner)) = path.and_then(|path| shim.recorder(&path)) else { return act() };
    let parent = inner.parent().unwrap_or(Path::new("")).to_owned();
    let status = record(&state, sqlite::SQLITE_IOERR_DELETE, act, Step::Remove(inner));
    if status == sqlite::SQLITE_OK && sync_folder != 0 {
        return record(&state, status, || sqlite::SQLITE_OK, Step::SyncFolder(parent));
    }
    status
}

/// Does a step of SQLite's and records it; gives `failure` where the recorder lets it fail.
fn record(state: &State, failure: c_int, act: impl FnOnce() -> c_int, step: Step) -> c_int {
    let mut status = failure;
    let act = || {
        status = act();
        if status == sqlite::SQLITE_OK { Ok(()) } else { Err(io::Error::other("SQLite's own")) }
    };
    // An error is either ours, then the status is still `failure`, or that of the system's VFS.
    let _ = state.run(act, || step);
    status
}

/// The methods of the system's VFS for an open file of ours.
///
/// # Safety
/// `file` was opened by [`open`] and not closed.
unsafe fn system(opened: &Open) -> &'static sqlite::sqlite3_io_methods {
    // SAFETY: the address is that of a table that the system's VFS keeps for ever.
    unsafe { &*(opened.methods as *const sqlite::sqlite3_io_methods) }
}

unsafe extern "C" fn close(file: *mut sqlite::sqlite3_file) -> c_int {
    let Some(opened) = SHIM.get().and_then(|shim| lock(&shim.open).remove(&(file as usize))) else {
        return sqlite::SQLITE_MISUSE;
    };
    // SAFETY: the file is one of the system's VFS and gets its own methods back before it closes.
    unsafe {
        let methods = system(&opened);
        (*file).pMethods = methods;
        methods.xClose.map_or(sqlite::SQLITE_OK, |f| f(file))
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite::sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let Some(opened) = SHIM.get().and_then(|shim| shim.opened(file)) else {
        return sqlite::SQLITE_MISUSE;
    };
    // SAFETY: SQLite gives `length` bytes to write; they are copied before it goes on.
    let copy = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize) }.to_vec();
    // SAFETY: the arguments are SQLite's, passed on to the VFS that opened the file.
    let act = || unsafe {
        system(&opened).xWrite.map_or(sqlite::SQLITE_OK, |f| f(file, bytes, length, offset))
    };
    let step = Step::Write(opened.file, offset as u64, copy);
    record(&opened.state, sqlite::SQLITE_FULL, act, step)
}

unsafe extern "C" fn truncate(file: *mut sqlite::sqlite3_file, size: i64) -> c_int {
    let Some(opened) = SHIM.get().and_then(|shim| shim.opened(file)) else {
        return sqlite::SQLITE_MISUSE;
    };
    // SAFETY: as in `write`.
    let act = || unsafe { system(&opened).xTruncate.map_or(sqlite::SQLITE_OK, |f| f(file, size)) };
    let step = Step::Truncate(opened.file, size as u64);
    record(&opened.state, sqlite::SQLITE_IOERR_TRUNCATE, act, step)
}

unsafe extern "C" fn sync(file: *mut sqlite::sqlite3_file, flags: c_int) -> c_int {
    let Some(shim) = SHIM.get() else { return sqlite::SQLITE_MISUSE };
    let Some(opened) = shim.opened(file) else { return sqlite::SQLITE_MISUSE };
    // SAFETY: as in `write`.
    let act = || unsafe { system(&opened).xSync.map_or(sqlite::SQLITE_OK, |f| f(file, flags)) };
    let step = Step::Sync(opened.file);
    let status = record(&opened.state, sqlite::SQLITE_IOERR_FSYNC, act, step);
    if status == sqlite::SQLITE_OK && opened.new_log {
        if let Some(open) = lock(&shim.open).get_mut(&(file as usize)) {
            open.new_log = false;
        }
        let folder = opened.inner.parent().unwrap_or(Path::new("")).to_owned();
        let failure = sqlite::SQLITE_IOERR_DIR_FSYNC;
        return record(&opened.state, failure, || sqlite::SQLITE_OK, Step::SyncFolder(folder));
    }
    status
}
