//! Windows' own Kerberos, through SSPI: what `ffi.rs` is elsewhere, with the same functions.
//!
//! The package is Kerberos and not Negotiate, so that nothing here can become NTLM; the envelope around it is ours. Every handle has one
//! owner, is given back when that is dropped, and is never used by two threads at once.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::{from_mut, from_ref, null, null_mut};

use windows_sys::Win32::Foundation::{
    SEC_E_CONTEXT_EXPIRED, SEC_E_DOWNGRADE_DETECTED, SEC_E_LOGON_DENIED, SEC_E_NO_AUTHENTICATING_AUTHORITY,
    SEC_E_NO_CREDENTIALS, SEC_E_OK, SEC_E_SECPKG_NOT_FOUND, SEC_E_TARGET_UNKNOWN, SEC_E_TIME_SKEW,
    SEC_E_UNKNOWN_CREDENTIALS, SEC_E_UNSUPPORTED_FUNCTION, SEC_I_CONTINUE_NEEDED,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, DecryptMessage, DeleteSecurityContext, EncryptMessage, FreeContextBuffer,
    FreeCredentialsHandle, GetUserNameExW, ISC_REQ_ALLOCATE_MEMORY, ISC_REQ_CONFIDENTIALITY, ISC_REQ_INTEGRITY,
    ISC_REQ_MUTUAL_AUTH, ISC_RET_CONFIDENTIALITY, ISC_RET_INTEGRITY, ISC_RET_MUTUAL_AUTH, InitializeSecurityContextW,
    NameUserPrincipal, QueryContextAttributesW, SEC_CHANNEL_BINDINGS, SECBUFFER_CHANNEL_BINDINGS, SECBUFFER_DATA,
    SECBUFFER_PADDING, SECBUFFER_STREAM, SECBUFFER_TOKEN, SECBUFFER_VERSION, SECPKG_ATTR_KEY_INFO, SECPKG_ATTR_SIZES,
    SECPKG_CRED_OUTBOUND, SECURITY_NATIVE_DREP, SecBuffer, SecBufferDesc, SecPkgContext_KeyInfoW, SecPkgContext_Sizes,
    VerifySignature,
};
use windows_sys::Win32::Security::Credentials::SecHandle;
use windows_sys::Win32::System::Rpc::{SEC_WINNT_AUTH_IDENTITY_UNICODE, SEC_WINNT_AUTH_IDENTITY_W};
use zeroize::Zeroizing;

use crate::client::Principal;
use spnego::NamedError;

/// AES with SHA-1 and with SHA-2, and nothing else. RFC 3962, RFC 8009
const AES: [u32; 4] = [17, 18, 19, 20];
/// STATUS_ACCOUNT_LOCKED_OUT
const LOCKED_OUT: i32 = 0xC000_0234_u32.cast_signed();
/// STATUS_ACCOUNT_DISABLED
const DISABLED: i32 = 0xC000_0072_u32.cast_signed();
/// STATUS_PASSWORD_EXPIRED
const PASSWORD_EXPIRED: i32 = 0xC000_0071_u32.cast_signed();
/// STATUS_PASSWORD_MUST_CHANGE
const MUST_CHANGE: i32 = 0xC000_0224_u32.cast_signed();
/// SEC_E_ETYPE_NOT_SUPP, which the bindings leave out
const ETYPE_NOT_SUPPORTED: i32 = 0x8009_0342_u32.cast_signed();

/// What a context has to give. No detection of replays: WinRM's answers all have the number 0 (protocol notes, section 4).
const WANTED: u32 = ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONFIDENTIALITY | ISC_REQ_INTEGRITY;
/// The same, as it is answered
const GIVEN: u32 = ISC_RET_MUTUAL_AUTH | ISC_RET_CONFIDENTIALITY | ISC_RET_INTEGRITY;

/// The longest token or message that is taken over.
const LONGEST: usize = 64 * 1024 * 1024;

/// What Windows has against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The status
    code: i32,
    text: String,
}

impl Failed {
    fn of(code: i32) -> Self {
        Self { code, text: std::io::Error::from_raw_os_error(code).to_string() }
    }

    /// Windows' codes as far as they are told apart.
    pub(crate) fn named(&self) -> NamedError {
        let text = self.text.clone();
        match self.code {
            SEC_E_SECPKG_NOT_FOUND | SEC_E_UNSUPPORTED_FUNCTION | SEC_E_NO_CREDENTIALS => NamedError::Unavailable(text),
            // Windows does not say here which of account and password it is.
            SEC_E_LOGON_DENIED | SEC_E_UNKNOWN_CREDENTIALS => NamedError::Rejected(text),
            LOCKED_OUT | DISABLED => NamedError::Locked(text),
            PASSWORD_EXPIRED | MUST_CHANGE => NamedError::PasswordExpired(text),
            SEC_E_CONTEXT_EXPIRED => NamedError::Expired(text),
            SEC_E_NO_AUTHENTICATING_AUTHORITY | SEC_E_DOWNGRADE_DETECTED => NamedError::NoKdc(text),
            SEC_E_TARGET_UNKNOWN => NamedError::UnknownService(text),
            SEC_E_TIME_SKEW => NamedError::ClockSkew(text),
            ETYPE_NOT_SUPPORTED => NamedError::Weak(text),
            _ => NamedError::Other(text),
        }
    }
}

fn wide(text: &str) -> Zeroizing<Vec<u16>> {
    let mut units = Zeroizing::new(Vec::with_capacity(text.len().saturating_add(1)));
    units.extend(text.encode_utf16());
    units.push(0);
    units
}

fn length(bytes: usize) -> u32 {
    // What is longer is refused before.
    u32::try_from(bytes).unwrap_or(0)
}

fn part(kind: u32, bytes: &mut [u8]) -> SecBuffer {
    SecBuffer { cbBuffer: length(bytes.len()), BufferType: kind, pvBuffer: bytes.as_mut_ptr().cast() }
}

/// A buffer that is only read, as the functions have one type for both.
fn read_part(kind: u32, bytes: &[u8]) -> SecBuffer {
    SecBuffer { cbBuffer: length(bytes.len()), BufferType: kind, pvBuffer: bytes.as_ptr().cast_mut().cast() }
}

fn list(parts: &mut [SecBuffer]) -> SecBufferDesc {
    SecBufferDesc { ulVersion: SECBUFFER_VERSION, cBuffers: length(parts.len()), pBuffers: parts.as_mut_ptr() }
}

/// Credentials of one account; its tickets are Windows' own, in memory.
pub(crate) struct Tickets {
    handle: SecHandle,
    /// Whose they are, `name@REALM`; without a realm where only Windows knows it
    pub(crate) account: String,
}

// SAFETY: a credentials handle may be used by any thread; there is one owner, behind a lock.
unsafe impl Send for Tickets {}

impl Tickets {
    /// With a password. Nobody is asked yet: that happens with the first ticket.
    pub(crate) fn with_password(principal: &Principal, password: &str) -> Result<Self, Failed> {
        let (mut user, mut domain, mut secret) = (wide(&principal.user), wide(&principal.realm), wide(password));
        let count = |units: &[u16]| length(units.len().saturating_sub(1));
        let identity = SEC_WINNT_AUTH_IDENTITY_W {
            UserLength: count(&user),
            DomainLength: count(&domain),
            PasswordLength: count(&secret),
            User: user.as_mut_ptr(),
            Domain: domain.as_mut_ptr(),
            Password: secret.as_mut_ptr(),
            Flags: SEC_WINNT_AUTH_IDENTITY_UNICODE,
        };
        // Windows copies it; ours is wiped when this ends.
        Self::acquire(from_ref(&identity).cast(), principal.to_string())
    }

    /// Those of whoever is signed in to Windows.
    pub(crate) fn present() -> Result<Self, Failed> {
        let (mut name, mut count) = ([0_u16; 512], 512_u32);
        // SAFETY: the buffer is of that many units, and both live through the call.
        let told = unsafe { GetUserNameExW(NameUserPrincipal, name.as_mut_ptr(), from_mut(&mut count)) };
        if !told {
            // A local account, or none of a domain that is reached.
            return Err(Failed::of(SEC_E_NO_CREDENTIALS));
        }
        let units = name.get(..usize::try_from(count).unwrap_or(0)).unwrap_or_default();
        Self::acquire(null(), String::from_utf16_lossy(units).trim_end_matches('\0').to_owned())
    }

    fn acquire(identity: *const c_void, account: String) -> Result<Self, Failed> {
        let package = wide("Kerberos");
        let (mut handle, mut until) = (SecHandle::default(), 0);
        // SAFETY: all that is pointed to lives through the call; the handle is given back when this is dropped.
        let status = unsafe {
            AcquireCredentialsHandleW(
                null(),
                package.as_ptr(),
                SECPKG_CRED_OUTBOUND,
                null(),
                identity,
                None,
                null(),
                &mut handle,
                &mut until,
            )
        };
        if status == SEC_E_OK { Ok(Self { handle, account }) } else { Err(Failed::of(status)) }
    }

    /// Begins a sign-in to a service, `HTTP/host@REALM`: the context and its first token.
    pub(crate) fn begin(&self, service: &str, end_point: Option<&[u8]>) -> Result<(Context, Vec<u8>), Failed> {
        let mut context = Context {
            handle: None,
            service: wide(service),
            bindings: end_point.map(bindings).unwrap_or_default(),
            flags: 0,
        };
        let token = context.step(Some(&self.handle), None, SEC_I_CONTINUE_NEEDED).map_err(Failed::of)?;
        Ok((context, token))
    }
}

impl Drop for Tickets {
    fn drop(&mut self) {
        // SAFETY: nobody else has this handle.
        unsafe { FreeCredentialsHandle(&self.handle) };
    }
}

/// SEC_CHANNEL_BINDINGS with the end point behind it, aligned as that has to be.
fn bindings(end_point: &[u8]) -> Vec<u64> {
    const HEAD: usize = size_of::<SEC_CHANNEL_BINDINGS>();
    let head = SEC_CHANNEL_BINDINGS {
        cbApplicationDataLength: length(end_point.len()),
        dwApplicationDataOffset: length(HEAD),
        ..SEC_CHANNEL_BINDINGS::default()
    };
    let fields = [
        head.dwInitiatorAddrType,
        head.cbInitiatorLength,
        head.dwInitiatorOffset,
        head.dwAcceptorAddrType,
        head.cbAcceptorLength,
        head.dwAcceptorOffset,
        head.cbApplicationDataLength,
        head.dwApplicationDataOffset,
    ];
    let mut bytes: Vec<u8> = fields.into_iter().flat_map(u32::to_ne_bytes).chain(end_point.iter().copied()).collect();
    // The length in the head tells where it ends.
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| u64::from_ne_bytes(*word)).collect()
}

/// A security context. RFC 4121
pub(crate) struct Context {
    handle: Option<SecHandle>,
    service: Zeroizing<Vec<u16>>,
    bindings: Vec<u64>,
    flags: u32,
}

// SAFETY: a context may be used by any thread, by one at a time; there is one owner.
unsafe impl Send for Context {}

impl Context {
    /// One step: the token for the other side. It has to answer with this status.
    fn step(&mut self, credential: Option<&SecHandle>, token: Option<&[u8]>, wanted: i32) -> Result<Vec<u8>, i32> {
        let mut inputs = Vec::with_capacity(2);
        inputs.extend(token.map(|token| read_part(SECBUFFER_TOKEN, token)));
        if !self.bindings.is_empty() {
            inputs.push(SecBuffer {
                cbBuffer: length(self.bindings.len().saturating_mul(8)),
                BufferType: SECBUFFER_CHANNEL_BINDINGS,
                pvBuffer: self.bindings.as_mut_ptr().cast(),
            });
        }
        let input = list(&mut inputs);
        let mut outputs = [SecBuffer { cbBuffer: 0, BufferType: SECBUFFER_TOKEN, pvBuffer: null_mut() }];
        let mut output = list(&mut outputs);
        let (mut made, mut until) = (SecHandle::default(), 0);
        // SAFETY: handles are Windows'; buffers and bindings live through the call; the output is given back.
        let (status, token) = unsafe {
            let status = InitializeSecurityContextW(
                credential.map_or(null(), from_ref),
                self.handle.as_ref().map_or(null(), from_ref),
                self.service.as_ptr(),
                WANTED | ISC_REQ_ALLOCATE_MEMORY,
                0,
                SECURITY_NATIVE_DREP,
                if inputs.is_empty() { null() } else { &input },
                0,
                if self.handle.is_some() { self.handle.as_mut().map_or(null_mut(), from_mut) } else { &mut made },
                &mut output,
                &mut self.flags,
                &mut until,
            );
            let [out] = outputs;
            let token = copied(&out);
            if !out.pvBuffer.is_null() {
                FreeContextBuffer(out.pvBuffer);
            }
            (status, token)
        };
        // A negative status has made no context.
        if self.handle.is_none() && status >= 0 {
            self.handle = Some(made);
        }
        // After the answer nothing may be left to say: the server has proved itself, or it has not.
        if status == wanted { Ok(token) } else { Err(status) }
    }

    /// Reads the server's proof. The error is Windows' status.
    pub(crate) fn finish(&mut self, token: &[u8]) -> Result<(), i32> {
        if token.len() > LONGEST {
            return Err(0);
        }
        self.step(None, Some(token), SEC_E_OK)?;
        if self.flags & GIVEN == GIVEN { Ok(()) } else { Err(0) }
    }

    fn query<T: Default>(&self, attribute: u32) -> Option<T> {
        let mut value = T::default();
        let handle = self.handle.as_ref()?;
        // SAFETY: the callers name the type that the attribute is answered with.
        let status = unsafe { QueryContextAttributesW(handle, attribute, from_mut(&mut value).cast()) };
        (status == SEC_E_OK).then_some(value)
    }

    /// Whether the key of the session is one for AES.
    pub(crate) fn is_aes(&self) -> bool {
        let Some(info) = self.query::<SecPkgContext_KeyInfoW>(SECPKG_ATTR_KEY_INFO) else { return false };
        for name in [info.sSignatureAlgorithmName, info.sEncryptAlgorithmName] {
            if !name.is_null() {
                // SAFETY: Windows has made this text for us, and it is given back once.
                unsafe { FreeContextBuffer(name.cast()) };
            }
        }
        AES.contains(&info.EncryptAlgorithm)
    }

    /// How long the header before a sealed message is. With AES it is as long as the largest one.
    pub(crate) fn header_length(&self) -> Option<usize> {
        let sizes = self.query::<SecPkgContext_Sizes>(SECPKG_ATTR_SIZES)?;
        usize::try_from(sizes.cbSecurityTrailer).ok().filter(|length| (1..=1024).contains(length))
    }

    /// Seals a message where it lies; the header that goes before it.
    pub(crate) fn seal(&mut self, message: &mut [u8]) -> Option<Vec<u8>> {
        let handle = self.handle?;
        if message.len() > LONGEST {
            return None;
        }
        let mut header = vec![0; self.header_length()?];
        let mut padding = [0; 64];
        let mut parts =
            [part(SECBUFFER_TOKEN, &mut header), part(SECBUFFER_DATA, message), part(SECBUFFER_PADDING, &mut padding)];
        let message_parts = list(&mut parts);
        // SAFETY: all buffers are ours, are of the lengths that are told, and live through the call.
        let status = unsafe { EncryptMessage(&handle, 0, &message_parts, 0) };
        let [head, data, pad] = parts;
        let whole = data.cbBuffer == length(message.len()) && pad.cbBuffer == 0;
        header.truncate(usize::try_from(head.cbBuffer).unwrap_or(0));
        (status == SEC_E_OK && whole).then_some(header)
    }

    /// The plain text of a sealed token.
    pub(crate) fn unseal(&mut self, token: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let handle = self.handle?;
        if token.len() > LONGEST {
            return None;
        }
        // Unsealed where it lies, in a copy that is wiped.
        let mut stream = Zeroizing::new(token.to_vec());
        let mut parts = [
            part(SECBUFFER_STREAM, &mut stream),
            SecBuffer { cbBuffer: 0, BufferType: SECBUFFER_DATA, pvBuffer: null_mut() },
        ];
        let message = list(&mut parts);
        let mut protection = 0;
        // SAFETY: the stream is ours and lives through the call; the data lies in it afterwards.
        unsafe {
            let status = DecryptMessage(&handle, &message, 0, &mut protection);
            let [_, data] = parts;
            // Zero is sealed; anything else was only signed.
            (status == SEC_E_OK && protection == 0).then(|| Zeroizing::new(copied(&data)))
        }
    }

    /// Whether a signature over these bytes is the other side's.
    pub(crate) fn verify(&mut self, bytes: &[u8], signature: &[u8]) -> bool {
        let Some(handle) = self.handle else { return false };
        let mut parts = [read_part(SECBUFFER_DATA, bytes), read_part(SECBUFFER_TOKEN, signature)];
        let message = list(&mut parts);
        // SAFETY: both are only read, and live through the call.
        unsafe { VerifySignature(&handle, &message, 0, null_mut()) == SEC_E_OK }
    }
}

/// A copy of what Windows has filled in.
///
/// # Safety
/// The buffer is empty, or as long as it says.
unsafe fn copied(buffer: &SecBuffer) -> Vec<u8> {
    let length = usize::try_from(buffer.cbBuffer).unwrap_or(0);
    if buffer.pvBuffer.is_null() || length > LONGEST {
        return Vec::new();
    }
    // SAFETY: as for the function.
    unsafe { std::slice::from_raw_parts(buffer.pvBuffer.cast::<u8>(), length) }.to_vec()
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            // SAFETY: nobody else has this handle.
            unsafe { DeleteSecurityContext(handle) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_the_end_point_lies_behind_the_head_of_the_bindings() {
        let words = bindings(b"tls-server-end-point:0123456789abcdef0123456789abcdef");
        let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_ne_bytes).collect();
        assert_eq!(&bytes[24..32], [53, 0, 0, 0, 32, 0, 0, 0]);
        assert_eq!(&bytes[32..85], b"tls-server-end-point:0123456789abcdef0123456789abcdef");
        assert_eq!(bytes[..24], [0; 24]);
    }

    #[test]
    fn codes_are_told_apart() {
        let named = |code: i32| Failed::of(code).named();
        assert!(matches!(named(SEC_E_LOGON_DENIED), NamedError::Rejected(_)));
        assert!(matches!(named(LOCKED_OUT), NamedError::Locked(_)));
        assert!(matches!(named(MUST_CHANGE), NamedError::PasswordExpired(_)));
        assert!(matches!(named(SEC_E_NO_AUTHENTICATING_AUTHORITY), NamedError::NoKdc(_)));
        assert!(matches!(named(SEC_E_TARGET_UNKNOWN), NamedError::UnknownService(_)));
        assert!(matches!(named(-1), NamedError::Other(_)));
    }

    #[test]
    fn s11_a_computer_outside_every_domain_has_no_kerberos_and_says_so() {
        let principal = Principal { user: "cloudadmin".to_owned(), realm: "PEP.INVALID".to_owned() };
        let begun = Tickets::with_password(&principal, "x").and_then(|tickets| tickets.begin("HTTP/pep.invalid", None));
        let Err(failed) = begun else { panic!("nobody answers for this realm") };
        assert!(!matches!(failed.named(), NamedError::Rejected(_)), "{failed:?}");
    }
}
