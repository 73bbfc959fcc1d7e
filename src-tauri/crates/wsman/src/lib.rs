//! WS-Management envelopes and shell operations, client and server codecs ([MS-WSMV])
