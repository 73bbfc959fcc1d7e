//! PowerShell Remoting Protocol, client and server role, without I/O ([MS-PSRP])
