//! MIT Kerberos' C library, loaded when it is asked for: the app starts on computers without it.
//!
//! The only unsafe code. Every handle has one owner, is given back when that is dropped, and is never used by two threads at once.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use spnego::NamedError;
use zeroize::Zeroizing;

use crate::client::Principal;

type Handle = *mut c_void;

/// gss_buffer_desc. RFC 2744 section 3.2
#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

/// gss_OID_desc. RFC 2744 section 3.3
#[repr(C)]
struct Oid {
    length: u32,
    elements: *const c_void,
}

/// gss_channel_bindings_struct. RFC 2744 section 3.11
#[repr(C)]
struct Bindings {
    initiator_type: u32,
    initiator: Buffer,
    acceptor_type: u32,
    acceptor: Buffer,
    application: Buffer,
}

/// gss_iov_buffer_desc, MIT's extension.
#[repr(C)]
struct Part {
    kind: u32,
    buffer: Buffer,
}

/// gss_buffer_set_desc, MIT's extension.
#[repr(C)]
struct BufferSet {
    count: usize,
    elements: *mut Buffer,
}

/// Room for a krb5_creds, which the library fills, reads and empties. It is of 120 bytes; nothing here looks into it.
#[repr(C, align(16))]
struct Creds([u8; 512]);

const KERBEROS: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
/// GSS_KRB5_NT_PRINCIPAL_NAME
const PRINCIPAL_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01";
/// GSS_C_INQ_SSPI_SESSION_KEY
const SESSION_KEY: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05";
/// What the encryption type follows, in the second buffer of that.
const ENCRYPTION_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x04";

/// AES with SHA-2 and with SHA-1, and nothing else. RFC 8009, RFC 3962
const AES: [i32; 4] = [20, 19, 18, 17];

/// KRB5KRB_AP_ERR_TKT_EXPIRED. RFC 4120 section 7.5.9
const EXPIRED: i32 = -1_765_328_384 + 32;

const CONTINUE: u32 = 1;
const ERROR: u32 = 0xffff_0000;
const ROUTINE: u32 = 0x00ff_0000;
/// GSS_S_CREDENTIALS_EXPIRED. RFC 2744 section 3.9.1
const CREDENTIALS_EXPIRED: u32 = 11 << 16;
const MUTUAL: u32 = 2;
const CONFIDENTIAL: u32 = 16;
const INTEGRITY: u32 = 32;
/// What a context has to give. No detection of replays: WinRM's answers all have the number 0 (protocol notes, section 4).
const WANTED: u32 = MUTUAL | CONFIDENTIAL | INTEGRITY;

const DATA: u32 = 1;
const HEADER: u32 = 2;
const PADDING: u32 = 9;
const ALLOCATE: u32 = 0x1_0000;

/// The longest token or message that is taken over from the library.
const LONGEST: usize = 64 * 1024 * 1024;

macro_rules! api {
    ($($library:ident { $($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)* })*) => {
        /// The functions that are used.
        #[derive(Debug)]
        struct Api {
            $($($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*)*
        }

        impl Api {
            fn load() -> Result<Self, libloading::Error> {
                // SAFETY: the system's Kerberos libraries have no effects when they are loaded; they stay loaded.
                unsafe {
                    $(let $library = Box::leak(Box::new(libloading::Library::new(library_name(stringify!($library)))?));)*
                    Ok(Self { $($($name: *$library.get(concat!(stringify!($name), "\0").as_bytes())?,)*)* })
                }
            }
        }
    };
}

api! {
    krb5 {
        krb5_init_context: fn(*mut Handle) -> i32;
        krb5_free_context: fn(Handle);
        krb5_parse_name: fn(Handle, *const c_char, *mut Handle) -> i32;
        krb5_unparse_name: fn(Handle, Handle, *mut *mut c_char) -> i32;
        krb5_free_unparsed_name: fn(Handle, *mut c_char);
        krb5_free_principal: fn(Handle, Handle);
        krb5_get_init_creds_opt_alloc: fn(Handle, *mut Handle) -> i32;
        krb5_get_init_creds_opt_free: fn(Handle, Handle);
        krb5_get_init_creds_opt_set_etype_list: fn(Handle, *const i32, c_int);
        krb5_get_init_creds_password: fn(Handle, *mut Creds, Handle, *const c_char, Handle, Handle, i32, *const c_char, Handle) -> i32;
        krb5_free_cred_contents: fn(Handle, *mut Creds);
        krb5_cc_new_unique: fn(Handle, *const c_char, *const c_char, *mut Handle) -> i32;
        krb5_cc_initialize: fn(Handle, Handle, Handle) -> i32;
        krb5_cc_store_cred: fn(Handle, Handle, *mut Creds) -> i32;
        krb5_cc_destroy: fn(Handle, Handle) -> i32;
        krb5_cc_default: fn(Handle, *mut Handle) -> i32;
        krb5_cc_close: fn(Handle, Handle) -> i32;
        krb5_cc_get_principal: fn(Handle, Handle, *mut Handle) -> i32;
        krb5_get_error_message: fn(Handle, i32) -> *const c_char;
        krb5_free_error_message: fn(Handle, *const c_char);
    }
    gssapi_krb5 {
        gss_krb5_import_cred: fn(*mut u32, Handle, Handle, Handle, *mut Handle) -> u32;
        gss_krb5_set_allowable_enctypes: fn(*mut u32, Handle, u32, *const i32) -> u32;
        gss_inquire_cred: fn(*mut u32, Handle, *mut Handle, *mut u32, *mut c_int, *mut Handle) -> u32;
        gss_release_cred: fn(*mut u32, *mut Handle) -> u32;
        gss_import_name: fn(*mut u32, *const Buffer, *const Oid, *mut Handle) -> u32;
        gss_release_name: fn(*mut u32, *mut Handle) -> u32;
        gss_init_sec_context: fn(*mut u32, Handle, *mut Handle, Handle, *const Oid, u32, u32, *const Bindings, *const Buffer, *mut Handle, *mut Buffer, *mut u32, *mut u32) -> u32;
        gss_delete_sec_context: fn(*mut u32, *mut Handle, *mut Buffer) -> u32;
        gss_release_buffer: fn(*mut u32, *mut Buffer) -> u32;
        gss_inquire_sec_context_by_oid: fn(*mut u32, Handle, *const Oid, *mut *mut BufferSet) -> u32;
        gss_release_buffer_set: fn(*mut u32, *mut *mut BufferSet) -> u32;
        gss_wrap_iov: fn(*mut u32, Handle, c_int, u32, *mut c_int, *mut Part, c_int) -> u32;
        gss_wrap_iov_length: fn(*mut u32, Handle, c_int, u32, *mut c_int, *mut Part, c_int) -> u32;
        gss_release_iov_buffer: fn(*mut u32, *mut Part, c_int) -> u32;
        gss_unwrap: fn(*mut u32, Handle, *const Buffer, *mut Buffer, *mut c_int, *mut u32) -> u32;
        gss_verify_mic: fn(*mut u32, Handle, *const Buffer, *const Buffer, *mut u32) -> u32;
    }
}

fn library_name(short: &str) -> &'static str {
    if short == "krb5" { "libkrb5.so.3" } else { "libgssapi_krb5.so.2" }
}

/// The library, or why it is not there.
fn api() -> Result<&'static Api, Failed> {
    static LOADED: OnceLock<Result<Api, String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| Api::load().map_err(|error| error.to_string()));
    loaded.as_ref().map_err(|error| Failed { code: 0, text: error.clone(), no_library: true })
}

/// What the library has against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Kerberos' own code; 0 where there is none
    code: i32,
    text: String,
    no_library: bool,
}

impl Failed {
    fn of(text: impl Into<String>) -> Self {
        Self { code: 0, text: text.into(), no_library: false }
    }

    /// Kerberos' codes as far as they are told apart. RFC 4120 section 7.5.9, and MIT's own
    pub(crate) fn named(&self) -> NamedError {
        /// The code of the KDC's error 0.
        const BASE: i32 = -1_765_328_384;
        let text = self.text.clone();
        if self.no_library {
            return NamedError::Unavailable(text);
        }
        match self.code.wrapping_sub(BASE) {
            // The service is unknown to the KDC.
            7 => NamedError::UnknownService(text),
            // Unknown, forbidden by a policy, wrong password; MIT's names for the last.
            6 | 12 | 24 | 31 | 210 => NamedError::Rejected(text),
            18 => NamedError::Locked(text),
            23 => NamedError::PasswordExpired(text),
            // Too old: the KDC's word for it, and the library's.
            32 => NamedError::Expired(text),
            37 => NamedError::ClockSkew(text),
            // No common encryption: the KDC's word, and the library's.
            14 | 150 | 237 => NamedError::Weak(text),
            // No KDC, no such realm, no realm in the settings, no tickets.
            141 | 154 | 156 | 195 | 217 | 220 | 224 => NamedError::NoKdc(text),
            _ => NamedError::Other(text),
        }
    }
}

impl Buffer {
    const EMPTY: Self = Self { length: 0, value: null_mut() };

    fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }

    /// A copy of what the library has filled in.
    ///
    /// # Safety
    /// The buffer is empty or of the library.
    unsafe fn copied(&self) -> Vec<u8> {
        if self.value.is_null() || self.length > LONGEST {
            return Vec::new();
        }
        // SAFETY: the library has allocated `length` bytes there.
        unsafe { std::slice::from_raw_parts(self.value.cast::<u8>(), self.length) }.to_vec()
    }
}

fn oid(bytes: &'static [u8]) -> Oid {
    // Identifiers here are of some bytes.
    Oid { length: u32::try_from(bytes.len()).unwrap_or(0), elements: bytes.as_ptr().cast() }
}

/// Tickets of one account. Those that a password brought are in memory only, and are wiped with this.
#[derive(Debug)]
pub(crate) struct Tickets {
    api: &'static Api,
    context: Handle,
    cache: Handle,
    in_memory: bool,
    /// Whose they are, `name@REALM`
    pub(crate) account: String,
}

// SAFETY: a krb5 context may be used by any thread, by one at a time; there is one owner, behind a lock.
unsafe impl Send for Tickets {}

impl Tickets {
    /// Gets them with a password: one question to the KDC, protected by AES.
    pub(crate) fn with_password(principal: &Principal, password: &str) -> Result<Self, Failed> {
        let account = CString::new(principal.to_string()).map_err(|_| Failed::of("the account has a zero in it"))?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(password.len().saturating_add(1)));
        bytes.extend_from_slice(password.as_bytes());
        bytes.push(0);
        let password = CStr::from_bytes_with_nul(&bytes).map_err(|_| Failed::of("the password has a zero in it"))?;
        let mut tickets = Self::empty()?;
        let api = tickets.api;
        // SAFETY: all handles are made by the library and given back to it; texts end with zero and live through the calls.
        unsafe {
            let mut principal = null_mut();
            tickets.check((api.krb5_parse_name)(tickets.context, account.as_ptr(), &mut principal))?;
            let got = tickets.fill(principal, password);
            (api.krb5_free_principal)(tickets.context, principal);
            got?;
        }
        Ok(tickets)
    }

    /// Those that are there.
    pub(crate) fn present() -> Result<Self, Failed> {
        let mut tickets = Self::empty()?;
        let api = tickets.api;
        // SAFETY: as above.
        unsafe {
            let code = (api.krb5_cc_default)(tickets.context, &mut tickets.cache);
            tickets.check(code)?;
            let mut principal = null_mut();
            tickets.check((api.krb5_cc_get_principal)(tickets.context, tickets.cache, &mut principal))?;
            let named = tickets.name(principal);
            (api.krb5_free_principal)(tickets.context, principal);
            tickets.account = named?;
        }
        Ok(tickets)
    }

    fn empty() -> Result<Self, Failed> {
        let api = api()?;
        let mut context = null_mut();
        // SAFETY: the library makes a context.
        let code = unsafe { (api.krb5_init_context)(&mut context) };
        if code != 0 {
            return Err(Failed { code, text: format!("its settings cannot be used ({code})"), no_library: true });
        }
        Ok(Self { api, context, cache: null_mut(), in_memory: false, account: String::new() })
    }

    /// # Safety
    /// The principal is of this context.
    unsafe fn fill(&mut self, principal: Handle, password: &CStr) -> Result<(), Failed> {
        let api = self.api;
        let mut creds = Creds([0; 512]);
        // SAFETY: all handles are of this context; the options end before they are freed, and creds are emptied.
        unsafe {
            self.account = self.name(principal)?;
            let mut options = null_mut();
            self.check((api.krb5_get_init_creds_opt_alloc)(self.context, &mut options))?;
            (api.krb5_get_init_creds_opt_set_etype_list)(options, AES.as_ptr(), 4);
            let code = (api.krb5_get_init_creds_password)(
                self.context,
                &mut creds,
                principal,
                password.as_ptr(),
                null_mut(),
                null_mut(),
                0,
                null(),
                options,
            );
            (api.krb5_get_init_creds_opt_free)(self.context, options);
            self.check(code)?;
            let kept = self.keep(principal, &mut creds);
            (api.krb5_free_cred_contents)(self.context, &mut creds);
            kept
        }
    }

    /// # Safety
    /// The principal is of this context, and the creds are filled by it.
    unsafe fn keep(&mut self, principal: Handle, creds: &mut Creds) -> Result<(), Failed> {
        let api = self.api;
        // SAFETY: as for the function.
        unsafe {
            let code = (api.krb5_cc_new_unique)(self.context, c"MEMORY".as_ptr(), null(), &mut self.cache);
            self.check(code)?;
            self.in_memory = true;
            self.check((api.krb5_cc_initialize)(self.context, self.cache, principal))?;
            self.check((api.krb5_cc_store_cred)(self.context, self.cache, creds))
        }
    }

    /// # Safety
    /// The principal is of this context.
    unsafe fn name(&self, principal: Handle) -> Result<String, Failed> {
        let mut text = null_mut();
        // SAFETY: the text is the library's and ends with zero.
        unsafe {
            self.check((self.api.krb5_unparse_name)(self.context, principal, &mut text))?;
            let name = CStr::from_ptr(text).to_string_lossy().into_owned();
            (self.api.krb5_free_unparsed_name)(self.context, text);
            Ok(name)
        }
    }

    fn check(&self, code: i32) -> Result<(), Failed> {
        if code == 0 { Ok(()) } else { Err(self.failed(code)) }
    }

    fn failed(&self, code: i32) -> Failed {
        // SAFETY: the text is the library's, ends with zero, and is given back.
        let text = unsafe {
            let text = (self.api.krb5_get_error_message)(self.context, code);
            if text.is_null() {
                format!("error {code}")
            } else {
                let copied = CStr::from_ptr(text).to_string_lossy().into_owned();
                (self.api.krb5_free_error_message)(self.context, text);
                copied
            }
        };
        Failed { code, text, no_library: false }
    }

    /// Begins a sign-in to a service, `HTTP/host@REALM`: the context and its first token.
    pub(crate) fn begin(&self, service: &str, end_point: Option<&[u8]>) -> Result<(Context, Vec<u8>), Failed> {
        let api = self.api;
        let (mut minor, mut credential, mut name) = (0, null_mut(), null_mut());
        // SAFETY: all handles are the library's, are given back here or owned by the context; buffers live through the calls.
        unsafe {
            let major = (api.gss_krb5_import_cred)(&mut minor, self.cache, null_mut(), null_mut(), &mut credential);
            let mut begun = self.major(major, minor);
            if begun.is_ok() {
                let major = (api.gss_krb5_set_allowable_enctypes)(&mut minor, credential, 4, AES.as_ptr());
                begun = self.major(major, minor);
            }
            if begun.is_ok() {
                // The domain and the endpoint bear with clocks that differ: tickets that are over here are not sent for all that.
                // It looks at the time only where that is asked for.
                let (none, mut left) = (null_mut(), 0);
                let major = (api.gss_inquire_cred)(&mut minor, credential, none, &mut left, null_mut(), null_mut());
                begun = self.major(major, minor);
            }
            if begun.is_ok() {
                let (text, kind) = (Buffer::of(service.as_bytes()), oid(PRINCIPAL_NAME));
                begun = self.major((api.gss_import_name)(&mut minor, &text, &kind, &mut name), minor);
            }
            let begun = match begun {
                Ok(()) => {
                    let mut context =
                        Context { api, handle: null_mut(), name, end_point: end_point.map(<[u8]>::to_vec), flags: 0 };
                    name = null_mut();
                    context
                        .step(credential, None)
                        .map(|token| (context, token))
                        .map_err(|(major, minor)| self.gss(major, minor))
                }
                Err(error) => Err(error),
            };
            if !name.is_null() {
                (api.gss_release_name)(&mut minor, &mut name);
            }
            if !credential.is_null() {
                (api.gss_release_cred)(&mut minor, &mut credential);
            }
            begun
        }
    }

    fn major(&self, major: u32, minor: u32) -> Result<(), Failed> {
        if major & ERROR == 0 { Ok(()) } else { Err(self.gss(major, minor)) }
    }

    fn gss(&self, major: u32, minor: u32) -> Failed {
        if major & ROUTINE == CREDENTIALS_EXPIRED {
            return self.failed(EXPIRED);
        }
        // The library gives Kerberos' codes as the minor status.
        let code = minor.cast_signed();
        if code == 0 { Failed::of(format!("GSS-API error {major:#x}")) } else { self.failed(code) }
    }
}

impl Drop for Tickets {
    fn drop(&mut self) {
        // SAFETY: nobody else has these handles.
        unsafe {
            if !self.cache.is_null() {
                let end = if self.in_memory { self.api.krb5_cc_destroy } else { self.api.krb5_cc_close };
                end(self.context, self.cache);
            }
            (self.api.krb5_free_context)(self.context);
        }
    }
}

/// A security context. RFC 4121
#[derive(Debug)]
pub(crate) struct Context {
    api: &'static Api,
    handle: Handle,
    name: Handle,
    end_point: Option<Vec<u8>>,
    flags: u32,
}

// SAFETY: a context may be used by any thread, by one at a time; there is one owner.
unsafe impl Send for Context {}

impl Context {
    /// One step: the token for the other side. The error is major and minor status.
    fn step(&mut self, credential: Handle, token: Option<&[u8]>) -> Result<Vec<u8>, (u32, u32)> {
        let api = self.api;
        let mechanism = oid(KERBEROS);
        let bindings = self.end_point.as_deref().map(|bytes| Bindings {
            initiator_type: 0,
            initiator: Buffer::EMPTY,
            acceptor_type: 0,
            acceptor: Buffer::EMPTY,
            application: Buffer::of(bytes),
        });
        let bindings = bindings.as_ref().map_or(null(), std::ptr::from_ref);
        let input = token.map_or(Buffer::EMPTY, Buffer::of);
        let mut output = Buffer::EMPTY;
        let mut minor = 0;
        // SAFETY: handles are the library's; buffers and bindings live through the call; the output is given back.
        unsafe {
            let major = (api.gss_init_sec_context)(
                &mut minor,
                credential,
                &mut self.handle,
                self.name,
                &mechanism,
                WANTED,
                0,
                bindings,
                &input,
                null_mut(),
                &mut output,
                &mut self.flags,
                null_mut(),
            );
            let token = output.copied();
            (api.gss_release_buffer)(&mut 0, &mut output);
            let wanted = if input.value.is_null() { CONTINUE } else { 0 };
            // After the answer nothing may be left to say: the server has proved itself, or it has not.
            if major & ERROR != 0 || major & CONTINUE != wanted { Err((major, minor)) } else { Ok(token) }
        }
    }

    /// Reads the server's proof. The error is Kerberos' code.
    pub(crate) fn finish(&mut self, token: &[u8]) -> Result<(), i32> {
        self.step(null_mut(), Some(token)).map_err(|(_, minor)| minor.cast_signed())?;
        if self.flags & WANTED == WANTED { Ok(()) } else { Err(0) }
    }

    /// Whether the key of the session is one for AES.
    pub(crate) fn is_aes(&self) -> bool {
        let wanted = oid(SESSION_KEY);
        let (mut minor, mut set) = (0, null_mut());
        // SAFETY: the set is the library's and is given back.
        unsafe {
            let major = (self.api.gss_inquire_sec_context_by_oid)(&mut minor, self.handle, &wanted, &mut set);
            if major & ERROR != 0 || set.is_null() {
                return false;
            }
            let kind = if (*set).count > 1 { (*(*set).elements.add(1)).copied() } else { Vec::new() };
            (self.api.gss_release_buffer_set)(&mut minor, &mut set);
            matches!(kind.strip_prefix(ENCRYPTION_TYPE), Some([kind]) if AES.contains(&i32::from(*kind)))
        }
    }

    /// How long the header before a sealed message is.
    pub(crate) fn header_length(&self) -> Option<usize> {
        let mut parts = [part(HEADER, Buffer::EMPTY), part(DATA, Buffer::of(&[0])), part(PADDING, Buffer::EMPTY)];
        let (mut minor, mut sealed) = (0, 0);
        // SAFETY: only lengths are filled in.
        let major = unsafe {
            (self.api.gss_wrap_iov_length)(&mut minor, self.handle, 1, 0, &mut sealed, parts.as_mut_ptr(), 3)
        };
        let [header, _, padding] = parts;
        (major & ERROR == 0 && padding.buffer.length == 0).then_some(header.buffer.length)
    }

    /// Seals a message where it lies; the header that goes before it.
    pub(crate) fn seal(&mut self, message: &mut [u8]) -> Option<Vec<u8>> {
        let data = Buffer { length: message.len(), value: message.as_mut_ptr().cast() };
        let mut parts =
            [part(HEADER | ALLOCATE, Buffer::EMPTY), part(DATA, data), part(PADDING | ALLOCATE, Buffer::EMPTY)];
        let (mut minor, mut sealed) = (0, 0);
        // SAFETY: the message is ours and lives through the call; what the library allocates is given back to it.
        unsafe {
            let major = (self.api.gss_wrap_iov)(&mut minor, self.handle, 1, 0, &mut sealed, parts.as_mut_ptr(), 3);
            let good = major & ERROR == 0 && sealed != 0 && parts[2].buffer.length == 0;
            let header = good.then(|| parts[0].buffer.copied());
            (self.api.gss_release_iov_buffer)(&mut minor, parts.as_mut_ptr(), 3);
            header
        }
    }

    /// The plain text of a sealed token.
    pub(crate) fn unseal(&mut self, token: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let input = Buffer::of(token);
        let (mut minor, mut sealed, mut output) = (0, 0, Buffer::EMPTY);
        // SAFETY: the token lives through the call; the output is the library's and is given back.
        unsafe {
            let major = (self.api.gss_unwrap)(&mut minor, self.handle, &input, &mut output, &mut sealed, null_mut());
            let plain = Zeroizing::new(output.copied());
            (self.api.gss_release_buffer)(&mut minor, &mut output);
            (major & ERROR == 0 && sealed != 0).then_some(plain)
        }
    }

    /// Whether a signature over these bytes is the other side's.
    pub(crate) fn verify(&mut self, bytes: &[u8], signature: &[u8]) -> bool {
        let mut minor = 0;
        // SAFETY: both live through the call.
        let major = unsafe {
            (self.api.gss_verify_mic)(&mut minor, self.handle, &Buffer::of(bytes), &Buffer::of(signature), null_mut())
        };
        major & ERROR == 0
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: nobody else has these handles.
        unsafe {
            if !self.handle.is_null() {
                (self.api.gss_delete_sec_context)(&mut minor, &mut self.handle, null_mut());
            }
            if !self.name.is_null() {
                (self.api.gss_release_name)(&mut minor, &mut self.name);
            }
        }
    }
}

fn part(kind: u32, buffer: Buffer) -> Part {
    Part { kind, buffer }
}
