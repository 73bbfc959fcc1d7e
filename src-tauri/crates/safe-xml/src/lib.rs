//! Hardened pull reader and writer for the XML dialects of WS-Management and PowerShell
