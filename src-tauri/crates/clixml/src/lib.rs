//! PowerShell objects as CLIXML, both directions ([MS-PSRP] section 2.2.5)
