//! The Resource Manager: metadata, subscriptions, resource groups, fabric locations.

use std::time::Instant;

use axum::response::Response;
use serde_json::{Value, json};

use super::{AUDIENCE, Call, Inner, Role, SUBSCRIPTION, TENANT, reply, reply_json};

pub(super) fn answer(inner: &mut Inner, call: &Call) -> Response {
    if let Some((status, body, headers)) = inner.behaviour.instead.clone() {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return reply(status, body, &headers);
    }
    if call.path == "/metadata/endpoints" {
        let versions = inner.behaviour.metadata_versions.clone();
        return version(call, &versions).unwrap_or_else(|| metadata(inner, call.query.get("api-version")));
    }
    if let Some(refused) = sign_in(inner, call) {
        return refused;
    }
    let path = call.path.to_ascii_lowercase();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["subscriptions"] => list(inner, call, subscriptions(inner.behaviour.role), false),
        ["subscriptions", id, "resourcegroups"] if *id == SUBSCRIPTION => {
            let group = |name: &str| json!({ "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"), "name": name });
            list(
                inner,
                call,
                vec![group(&format!("System.{}", inner.behaviour.region)), group("System"), group("mine")],
                false,
            )
        }
        [
            "subscriptions",
            id,
            "resourcegroups",
            group,
            "providers",
            "microsoft.fabric.admin",
            "fabriclocations",
            rest @ ..,
        ] if *id == SUBSCRIPTION => {
            if inner.behaviour.role != Role::Reader {
                return error(
                    403,
                    "AuthorizationFailed",
                    "The client does not have authorization to perform the action",
                );
            }
            if *group != format!("system.{}", inner.behaviour.region) {
                return error(404, "ResourceGroupNotFound", "Resource group could not be found.");
            }
            match rest {
                [] => {
                    let all = vec![location(inner, inner.behaviour.bare_list)];
                    list(inner, call, all, true)
                }
                [region] if *region == inner.behaviour.region => {
                    let versions = inner.behaviour.fabric_versions.clone();
                    version(call, &versions).unwrap_or_else(|| ok(&location(inner, false)))
                }
                _ => error(404, "ResourceNotFound", "The resource was not found."),
            }
        }
        _ => error(404, "SubscriptionNotFound", "The subscription could not be found."),
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    reply_json(status, &json!({ "error": { "code": code, "message": message } }))
}

/// A 200 carries the bare header that recorded answers carry.
fn ok(value: &Value) -> Response {
    reply(
        200,
        value.to_string(),
        &[("content-type", "application/json; charset=utf-8"), ("www-authenticate", "Bearer")],
    )
}

/// The refusal of a version that is not known.
fn version(call: &Call, known: &[&str]) -> Option<Response> {
    let asked = call.query.get("api-version");
    if asked.is_empty() {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        return Some(error(400, "MissingApiVersionParameter", message));
    }
    let message = format!("The api-version '{asked}' is invalid. The supported versions are '{}'.", known.join(","));
    (!known.contains(&asked)).then(|| error(400, "InvalidApiVersionParameter", &message))
}

fn metadata(inner: &Inner, version: &str) -> Response {
    let base = inner.base();
    let adfs = inner.behaviour.adfs;
    let login = if adfs { format!("{base}/adfs") } else { format!("{base}/") };
    let login = inner.behaviour.login.clone().unwrap_or(login);
    let portal = inner.behaviour.portal;
    if version == "2019-05-01" {
        let provider = if adfs { "ADFS" } else { "AAD" };
        let tenant = if adfs { "adfs" } else { TENANT };
        return reply_json(
            200,
            &json!([{ "name": "AzureStack-Admin-3c2f0a5e", "portal": portal, "gallery": format!("{portal}:30015/"),
                "graph": "https://graph.windows.net/", "graphAudience": "https://graph.windows.net/",
                "authentication": { "loginEndpoint": login, "audiences": [AUDIENCE], "tenant": tenant, "identityProvider": provider } }]),
        );
    }
    reply_json(
        200,
        &json!({ "galleryEndpoint": "https://adminportal.east.cloud.contoso.example:30015/", "graphEndpoint": "https://graph.windows.net/",
            "portalEndpoint": portal, "authentication": { "loginEndpoint": login, "audiences": [AUDIENCE] } }),
    )
}

fn sign_in(inner: &Inner, call: &Call) -> Option<Response> {
    let refused = |code: &str, message: &str| {
        let value = json!({ "error": { "code": code, "message": message } });
        reply(
            401,
            value.to_string(),
            &[("content-type", "application/json"), ("www-authenticate", "Bearer error=\"invalid_token\"")],
        )
    };
    let Some(secret) = &call.bearer else {
        return Some(refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."));
    };
    match inner.tokens.get(secret) {
        None => Some(refused("InvalidAuthenticationToken", "The access token is invalid.")),
        Some(token) if token.audience != AUDIENCE => {
            let message =
                format!("The access token has been obtained from wrong audience or resource '{}'.", token.audience);
            Some(refused("InvalidAuthenticationTokenAudience", &message))
        }
        Some(token) if token.until <= Instant::now() => Some(refused(
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than current UTC time.",
        )),
        Some(_) => None,
    }
}

/// The provider's subscription is neither the first nor on the first page.
fn subscriptions(role: Role) -> Vec<Value> {
    let names = [
        ("a1b2f4a4-0000-4000-8000-000000000001", "Metering Subscription"),
        ("a1b2f4a4-0000-4000-8000-000000000002", "Consumption Subscription"),
        (SUBSCRIPTION, "Default Provider Subscription"),
    ];
    let all = names.iter().filter(|(id, _)| role != Role::None || *id != SUBSCRIPTION);
    all.map(|(id, name)| json!({ "id": format!("/subscriptions/{id}"), "subscriptionId": id, "displayName": name, "state": "Enabled" }))
        .collect()
}

fn location(inner: &Inner, bare: bool) -> Value {
    let mut properties = inner.behaviour.location.clone();
    if bare && let Some(properties) = properties.as_object_mut() {
        properties.remove("pepIpAddresses");
    }
    let region = inner.behaviour.region;
    let id = "providers/Microsoft.Fabric.Admin/fabricLocations";
    json!({ "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/System.{region}/{id}/{region}"),
        "name": region, "type": "Microsoft.Fabric.Admin/fabricLocations", "location": region, "tags": {}, "properties": properties })
}

fn list(inner: &Inner, call: &Call, all: Vec<Value>, fabric: bool) -> Response {
    let versions = if fabric { &inner.behaviour.fabric_versions } else { &inner.behaviour.subscription_versions };
    if let Some(refused) = version(call, versions) {
        return refused;
    }
    let from: usize = call.query.get("$skiptoken").parse().unwrap_or(0);
    let page: Vec<Value> = all.iter().skip(from).take(inner.behaviour.page).cloned().collect();
    let next = from + page.len();
    let mut body = json!({ "value": page });
    if next < all.len() || inner.behaviour.endless {
        let host = inner.behaviour.foreign_link.clone().unwrap_or_else(|| inner.base());
        let skip = if inner.behaviour.endless { 0 } else { next };
        let version = call.query.get("api-version");
        body["nextLink"] = json!(format!("{host}{}?api-version={version}&%24skiptoken={skip}", call.path));
    }
    ok(&body)
}
