//! The identity provider: Entra ID's second version, or AD FS. RFC 6749, RFC 7636, RFC 8628

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{AUDIENCE, CLIENTS, Call, Code, DeviceStep, Inner, TENANT, reply, reply_json};

pub(super) fn answer(inner: &mut Inner, call: &Call) -> Response {
    let base = if inner.behaviour.adfs { "/adfs/oauth2".to_owned() } else { format!("/{TENANT}/oauth2/v2.0") };
    let Some(what) = call.path.strip_prefix(&base) else {
        return reply(404, "There is no such directory here", &[("content-type", "text/html")]);
    };
    match (call.method.as_str(), what) {
        ("GET", "/authorize") => authorize(inner, call),
        ("POST", "/token") => match call.form.get("grant_type") {
            "authorization_code" => redeem(inner, call),
            "urn:ietf:params:oauth:grant-type:device_code" => device_token(inner, call),
            _ => refused("unsupported_grant_type", "the grant is not known"),
        },
        ("POST", "/devicecode") if inner.behaviour.device_code => device(inner, call),
        _ => reply(404, "<html>Not found</html>", &[("content-type", "text/html")]),
    }
}

fn refused(error: &str, description: &str) -> Response {
    reply_json(400, &json!({ "error": error, "error_description": description }))
}

/// Entra ID wants the audience as a scope and refuses `resource`; AD FS the other way round.
fn wants_audience(inner: &Inner, scope: &str, resource: &str) -> bool {
    if inner.behaviour.adfs {
        resource == AUDIENCE && scope.is_empty()
    } else {
        scope == format!("{AUDIENCE}/.default") && resource.is_empty()
    }
}

fn redirect_is_known(inner: &Inner, redirect: &str) -> bool {
    let Ok(url) = Url::parse(redirect) else { return false };
    let ports = &inner.behaviour.redirect_ports;
    // A registered `http://localhost` allows every port, an address does not count as that name.
    url.scheme() == "http"
        && url.host_str() == Some("localhost")
        && url.path() == "/"
        && url.port().is_some_and(|port| ports.is_empty() || ports.contains(&port))
}

fn authorize(inner: &mut Inner, call: &Call) -> Response {
    let query = &call.query;
    let redirect = query.get("redirect_uri").to_owned();
    // Faults of these two are shown and never sent on.
    if !CLIENTS.contains(&query.get("client_id")) || !redirect_is_known(inner, &redirect) {
        return reply(400, "The client or its redirect is not registered", &[("content-type", "text/html")]);
    }
    let state = query.get("state");
    let mut to = Url::parse(&redirect).expect("it was parsed before");
    let is_code = query.get("response_type") == "code" && !state.is_empty();
    let is_proved = query.get("code_challenge_method") == "S256" && query.get("code_challenge").len() == 43;
    let told = inner.behaviour.refuses;
    let fault = if let Some((error, _)) = told {
        Some(error)
    } else if !is_code || !is_proved {
        Some("invalid_request")
    } else if !wants_audience(inner, query.get("scope"), query.get("resource")) {
        Some("invalid_scope")
    } else if !inner.behaviour.agrees {
        Some("access_denied")
    } else {
        None
    };
    match fault {
        Some(error) => {
            to.query_pairs_mut().append_pair("error", error).append_pair(
                "error_description",
                told.map_or("the person did not agree", |(_, description)| description),
            );
        }
        None => {
            let code = inner.next("code");
            let made = Code {
                challenge: query.get("code_challenge").to_owned(),
                redirect,
                client: query.get("client_id").to_owned(),
                used: false,
            };
            inner.codes.insert(code.clone(), made);
            to.query_pairs_mut().append_pair("code", &code);
        }
    }
    to.query_pairs_mut().append_pair("state", state);
    reply(302, "", &[("location", to.as_str())])
}

fn redeem(inner: &mut Inner, call: &Call) -> Response {
    let form = &call.form;
    let resource_fits =
        if inner.behaviour.adfs { form.get("resource") == AUDIENCE } else { form.get("resource").is_empty() };
    let Some(code) = inner.codes.get_mut(form.get("code")) else {
        return refused("invalid_grant", "the code is not known");
    };
    if std::mem::replace(&mut code.used, true) {
        // RFC 6749 section 4.1.2: what was given for it before is worth nothing any more.
        inner.tokens.clear();
        return refused("invalid_grant", "the code was used before");
    }
    if code.client != form.get("client_id") || code.redirect != form.get("redirect_uri") {
        return refused("invalid_grant", "the code belongs to another client or redirect");
    }
    if URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier"))) != code.challenge {
        return refused("invalid_grant", "the code verifier does not fit");
    }
    if !resource_fits {
        return refused("invalid_resource", "the resource is not the one that was agreed to");
    }
    token(inner)
}

fn token(inner: &mut Inner) -> Response {
    let life = inner.behaviour.token_life;
    let secret = inner.issue(AUDIENCE, life);
    reply_json(
        200,
        &json!({ "token_type": "Bearer", "expires_in": life.as_secs(), "access_token": secret, "scope": "user_impersonation" }),
    )
}

fn device(inner: &mut Inner, call: &Call) -> Response {
    let form = &call.form;
    if !CLIENTS.contains(&form.get("client_id")) {
        return refused("unauthorized_client", "the client is not registered");
    }
    if !wants_audience(inner, form.get("scope"), form.get("resource")) {
        return refused("invalid_scope", "the audience is not known");
    }
    let device = inner.next("device");
    inner.devices.insert(device.clone(), form.get("client_id").to_owned());
    let page = if inner.behaviour.adfs { "/adfs/oauth2/deviceauth" } else { "/common/oauth2/deviceauth" };
    let url = format!("{}{page}", inner.base());
    let (interval, life) = (inner.behaviour.device_interval, inner.behaviour.device_life);
    // Entra ID's name of the address has an i, AD FS and the first version have the l of old.
    let name = if inner.behaviour.adfs { "verification_url" } else { "verification_uri" };
    reply_json(
        200,
        &json!({ "device_code": device, "user_code": "B4WD-7GHQ", name: url, "expires_in": life, "interval": interval, "message": "open it" }),
    )
}

fn device_token(inner: &mut Inner, call: &Call) -> Response {
    let form = &call.form;
    if inner.devices.get(form.get("device_code")).map(String::as_str) != Some(form.get("client_id")) {
        return refused("invalid_grant", "the code is not known");
    }
    let entra = !inner.behaviour.adfs;
    let steps = &mut inner.behaviour.device_steps;
    if steps.is_empty() {
        inner.devices.remove(form.get("device_code"));
        return token(inner);
    }
    match steps.remove(0) {
        DeviceStep::Pending => refused("authorization_pending", "nobody has typed it"),
        DeviceStep::SlowDown => refused("slow_down", "too fast"),
        DeviceStep::Denied if entra => refused("authorization_declined", "somebody refused"),
        DeviceStep::Denied => refused("access_denied", "somebody refused"),
        DeviceStep::Expired => refused("expired_token", "it is too old"),
    }
}
