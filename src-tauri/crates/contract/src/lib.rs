//! Types of the messages between the page and the app; writes the page's contract.ts
