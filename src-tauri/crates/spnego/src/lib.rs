//! Negotiate sign-in with NTLMv2: tokens in, tokens out, sealing ([MS-SPNG], [MS-NLMP])
