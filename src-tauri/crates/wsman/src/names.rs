//! Namespaces, actions and other constant names of [MS-WSMV] and the specifications under it.

/// SOAP 1.2.
pub const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
/// WS-Addressing, the version that WS-Management uses.
pub const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
/// WS-Management (DMTF DSP0226).
pub const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
/// Microsoft's additions to the headers of WS-Management.
pub const WSMAN_MS: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
/// Remote shells.
pub const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
/// The detail of a fault.
pub const FAULT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
/// PowerShell's part of shell bodies.
pub const POWERSHELL: &str = "http://schemas.microsoft.com/powershell";
/// WS-Enumeration.
pub const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
/// WS-Transfer.
pub const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
/// Identify.
pub const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd";

/// The address of whoever sent the request.
pub const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
/// Resource of all commands of a shell, for Enumerate.
pub const SHELL_COMMANDS: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
/// What resource URIs of PowerShell configurations begin with.
pub const CONFIGURATION_PREFIX: &str = "http://schemas.microsoft.com/powershell/";
/// What the URI of a command's state begins with.
pub const COMMAND_STATE_PREFIX: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/";
/// Dialect of a filter made of selectors.
pub const SELECTOR_FILTER: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";
/// Action of a fault whose subcode belongs to WS-Management.
pub const FAULT_ACTION_WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
/// Action of a fault whose subcode belongs to WS-Addressing.
pub const FAULT_ACTION_ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault";

/// The language that a Privileged Endpoint accepts.
pub const LOCALE: &str = "en-US";
/// The version of PSRP that Create and Connect ask for.
pub const PROTOCOL_VERSION: &str = "2.3";
/// The option that carries [`PROTOCOL_VERSION`].
pub const OPTION_PROTOCOL_VERSION: &str = "protocolversion";
/// The option with which a Receive waits for data instead of failing at once.
pub const OPTION_KEEP_ALIVE: &str = "WSMAN_CMDSHELL_OPTION_KEEPALIVE";
/// The selector that names the shell.
pub const SELECTOR_SHELL_ID: &str = "ShellId";
/// The only output stream of PSRP.
pub const STDOUT: &str = "stdout";
