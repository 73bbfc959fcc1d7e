//! The rules of the privileged endpoint: stamp, endpoint, catalogue, session, run, close, faults
