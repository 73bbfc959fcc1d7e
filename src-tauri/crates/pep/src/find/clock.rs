//! How far the clock of an endpoint is from ours.

use std::time::{SystemTime, UNIX_EPOCH};

use time::PrimitiveDateTime;
use time::macros::format_description;

/// How far an HTTP date is ahead of our clock, in seconds. RFC 9110 section 5.6.7
pub(super) fn ahead(date: &str) -> Option<i64> {
    let format = format_description!(
        version = 2,
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let theirs = PrimitiveDateTime::parse(date, &format).ok()?.assume_utc().unix_timestamp();
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(theirs - i64::try_from(ours).ok()?)
}

#[cfg(test)]
mod tests {
    use super::ahead;

    #[test]
    fn an_http_date_is_read() {
        assert!(ahead("Sun, 06 Nov 1994 08:49:37 GMT").is_some_and(|ahead| ahead < 0));
        assert_eq!(ahead("yesterday"), None);
    }
}
