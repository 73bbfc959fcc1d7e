use proptest::prelude::*;

use super::*;

const PEP: &str = "10.20.30.224, 10.20.30.225, 10.20.30.226";
const CLOUD: &str = "7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77";

fn hosts(found: &Found) -> Vec<&str> {
    found.candidates.iter().map(|candidate| candidate.address.host.as_str()).collect()
}

#[track_caller]
fn check(text: &str) {
    let found = of_text(text);
    assert_eq!(hosts(&found), ["10.20.30.224", "10.20.30.225", "10.20.30.226"], "{text}\n{found:#?}");
    assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Known), "{text}");
    assert_eq!(found.value(Fact::CloudId), Some(CLOUD), "{text}");
    assert_eq!(found.value(Fact::Version), Some("1.2206.2.77"), "{text}");
    assert_eq!(found.value(Fact::Region), Some("east"), "{text}");
    assert_eq!(found.value(Fact::TimeServer), Some("10.9.9.9"), "{text}");
}

#[test]
fn p09_pasted_text_is_limited_one_below_and_one_above() {
    let list = |count: u32| (0..count).map(|at| format!("10.0.{}.{} ", at >> 8, at & 255)).collect::<String>();
    for (count, found) in [(15, 15), (16, 16), (17, 16), (1_000, 16)] {
        assert_eq!(of_text(&format!("Privileged endpoints: {}", list(count))).candidates.len(), found, "{count}");
    }
    // An address that ends with the limit is found; of one that goes on behind it only what stands before.
    let address = "Privileged endpoint: 10.0.0.77";
    let before = |length: usize| format!("{}{address}", ".\n".repeat(length / 2));
    let room = (1 << 20) - address.len();
    assert_eq!(hosts(&of_text(&before(room))), ["10.0.0.77"]);
    assert_eq!(hosts(&of_text(&before(room + 2))), [] as [&str; 0], "10.0.0. is none");
    // A character that lies on the limit is left out as a whole.
    assert!(of_text(&format!("x{}", "é".repeat(1 << 19))).candidates.is_empty());
}

#[test]
fn the_page_of_properties_in_many_layouts() {
    let rows = [
        ("Registration status", "Registered"),
        ("Registration subscription ID", "11111111-2222-4333-8444-555555555555"),
        ("Region", "east"),
        ("Stamp Cloud ID", CLOUD),
        ("Current version", "1.2206.2.77"),
        ("Time server", "10.9.9.9"),
        ("DNS forwarders", "10.9.9.1"),
        ("Privileged endpoint IP addresses", PEP),
    ];
    for (between, after) in
        [("\n", "\n"), (": ", "\n"), ("\t", "\r\n"), ("    ", "\n"), (" ", " "), (" = ", "; "), ("\n\n", "\n\n\n")]
    {
        let text: String = rows.iter().map(|(label, value)| format!("{label}{between}{value}{after}")).collect();
        check(&format!("Home > Region management > east\nProperties\n{text}"));
        check(&text.to_uppercase().replace("EAST", "east").replace(&CLOUD.to_uppercase(), CLOUD));
    }
    let labels: Vec<_> = rows.iter().map(|(label, _)| *label).collect();
    let values: Vec<_> = rows.iter().map(|(_, value)| *value).collect();
    check(&format!("{}\n{}", labels.join("\n"), values.join("\n")));
    check(&format!("{}\n{}", labels.join("\t"), values.join("\t")));
    check(&format!("| {} |\n| {} |", labels.join(" | "), values.join(" | ")));
    check(&rows.iter().map(|(label, value)| format!("\"{label}\": \"{value}\",")).collect::<String>());
}

#[test]
fn addresses_on_lines_of_their_own_belong_to_their_label() {
    let found = of_text(
        "DNS forwarders\n10.9.9.1\nPrivileged endpoint\n10.0.0.4\n10.0.0.5:5985\n[fd00::6]:5985\nTime server\n10.9.9.9\n",
    );
    assert_eq!(hosts(&found), ["10.0.0.4", "10.0.0.5", "fd00::6"]);
}

#[test]
fn a_page_in_another_language_gives_guesses_and_bare_addresses_are_known() {
    let found = of_text("Aikapalvelin\n10.9.9.9\nEtuoikeutettu\n10.0.0.4\n");
    assert_eq!(hosts(&found), ["10.9.9.9", "10.0.0.4"]);
    assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Guess));
    let found = of_text(" 10.0.0.4,10.0.0.5 ; 10.0.0.4\n");
    assert_eq!((hosts(&found), found.candidates[0].confidence), (vec!["10.0.0.4", "10.0.0.5"], Confidence::Known));
    assert_eq!(hosts(&super::super::of_typed("10.0.0.4/5/6").unwrap()), ["10.0.0.4", "10.0.0.5", "10.0.0.6"]);
}

#[test]
fn what_is_no_endpoint_is_left_out_and_told() {
    let found = of_text("Privileged endpoint: 8.8.8.8, 224.0.0.1, 127.0.0.1, 10.0.0.0/24, 10.0.0.7:443, 1.2206.2.77");
    assert_eq!(hosts(&found), [] as [&str; 0]);
    let codes: Vec<u16> = found.problems.iter().map(|problem| problem.fault.code).collect();
    assert_eq!(codes, [code::PUBLIC_ADDRESS, code::NO_USABLE_ADDRESS, code::NO_USABLE_ADDRESS]);
}

#[test]
fn names_and_addresses_of_portals_tell_what_they_are() {
    let found = of_text(
        "see https://adminportal.east.cloud.contoso.example/#blade and azs-ercs02.azurestack.local, not azs-ercsxx or portal.azure.com",
    );
    assert_eq!(hosts(&found), ["azs-ercs02.azurestack.local"]);
    assert_eq!(found.value(Fact::ExternalDomain), Some("east.cloud.contoso.example"));
    assert_eq!(found.value(Fact::ResourceManager), Some("https://adminmanagement.east.cloud.contoso.example/"));
}

#[test]
fn a_label_that_is_not_known_ends_the_addresses() {
    for text in [
        "Privileged endpoint\n10.0.0.4\n10.0.0.5\nRouter\n10.0.0.1\n",
        "PEP: 10.0.0.4, 10.0.0.5; Router: 10.0.0.1",
        "PEP IPs (three of them): 10.0.0.4 and 10.0.0.5 Router 10.0.0.1",
        "ERCS01 10.0.0.4\nERCS02 10.0.0.5\nHLH 10.0.0.1",
        "azs-ERCS01: 10.0.0.4\nazs-ERCS02: 10.0.0.5\nHLH 10.0.0.1",
        "Privileged endpoint (PEP)\n10.0.0.4 (rack 1)\n10.0.0.5 (rack 2)\nStorage 10.0.0.1",
        "Privileged Endpoint (10.0.0.4, 10.0.0.5) router 10.0.0.1",
        "Gateway\tPrivileged endpoint IPs\tDNS\n10.0.0.1\t10.0.0.4, 10.0.0.5\t10.0.0.2",
        "Gateway\nPEP addresses\nNTP server IPs\n10.0.0.1\n10.0.0.4 10.0.0.5\n10.0.0.2",
        "NTP dns.contoso.example PEP 10.0.0.4,10.0.0.5 gateway 10.0.0.1",
    ] {
        let found = of_text(text);
        assert_eq!(hosts(&found), ["10.0.0.4", "10.0.0.5"], "{text:?} {found:#?}");
        assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Known), "{text:?}");
    }
    // Words about it are no label of what stands further below.
    let found = of_text("Use the privileged endpoint for this.\nRouter\n10.0.0.1\n");
    assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Guess), "{found:#?}");
}

/// Known ones as they stand, guesses with a question mark.
fn told(text: &str) -> String {
    let found = of_text(text);
    let one = |one: &super::super::Candidate| {
        format!("{}{}", if one.confidence == Confidence::Guess { "?" } else { "" }, one.address.host)
    };
    found.candidates.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn lists_that_begin_with_the_address_are_not_read_off_by_one() {
    for text in [
        "10.0.0.4\tAZS-ERCS01\tVM\n10.0.0.5\tAZS-ERCS02\tVM\n10.0.0.6\tAZS-ERCS03\tVM\n10.0.0.11\tAZS-DC01\tVM",
        "10.0.0.11 azs-dc01\n10.0.0.4 azs-ercs01\n10.0.0.5 azs-ercs02\n10.0.0.6 azs-ercs03\n10.0.0.50 azs-nc01",
        "# hosts\n10.0.0.4  azs-ercs01.azs.local azs-ercs01\n10.0.0.5 azs-ercs02\n10.0.0.6 azs-ercs03\n10.1.1.1 gw",
        "| IP | Name |\n|---|---|\n| 10.0.0.4 | AZS-ERCS01 |\n| 10.0.0.5 | AZS-ERCS02 |\n| 10.0.0.6 | AZS-ERCS03 |\n| 10.0.0.11 | AZS-DC01 |",
        "10.1.1.5\nTime server\n10.0.0.4\n10.0.0.5\n10.0.0.6\nPrivileged endpoint\n",
        "| Time server | Privileged endpoint | Gateway |\n|---|---|---|\n| 10.1.1.5 | 10.0.0.4 | 10.0.0.1 |\n| | 10.0.0.5 | |\n| | 10.0.0.6 | |",
    ] {
        assert_eq!(told(text), "10.0.0.4 10.0.0.5 10.0.0.6", "{text}");
    }
}

#[test]
fn an_unknown_line_ends_a_value_and_no_address_is_lost() {
    let german = "Aktuelle Version\n1.2301.2.58\nZeitserver\n10.1.1.5\nIP-Adressen des privilegierten Endpunkts\n10.0.0.4\n10.0.0.5\n";
    let found = of_text(german);
    assert_eq!((hosts(&found), found.value(Fact::TimeServer)), (vec!["10.0.0.4", "10.0.0.5"], Some("10.1.1.5")));
    let other = "Version\n1.2301.2.58\nTime server\n10.1.1.5\nConsole VM IP addresses\n10.0.0.4\n10.0.0.5\n";
    assert_eq!(told(other), "?10.0.0.4 ?10.0.0.5");
    for (text, wanted) in [
        ("We are on version 1.2301.2.58 and the three addresses are 10.0.0.4, 10.0.0.5.", "?10.0.0.4 ?10.0.0.5"),
        ("DNS is not integrated yet, so use 10.0.0.4 or 10.0.0.5.", "?10.0.0.4 ?10.0.0.5"),
        ("The PEP is 10.0.0.4. The second one: 10.0.0.5; third \"10.0.0.6\".", "10.0.0.4 ?10.0.0.5 ?10.0.0.6"),
    ] {
        let found = of_text(text);
        assert_eq!((told(text).as_str(), found.value(Fact::DnsServer)), (wanted, None), "{text}");
    }
    assert_eq!(of_text("R\u{e9}seau DNS\nsous-r\u{e9}seau\n255.255.255.0\n").value(Fact::DnsServer), None);
}

#[test]
fn what_stands_in_a_sentence_about_the_endpoint_is_a_guess() {
    for (text, wanted) in [
        ("We cannot connect to the PEP from our jump host 10.50.1.17. The portal still works.", "?10.50.1.17"),
        ("The PEP is not 10.0.0.9, it is 10.0.0.4.", "?10.0.0.9 ?10.0.0.4"),
        ("PEP does not answer, but I can ping 10.1.1.1 and 10.9.9.9.", "?10.1.1.1 ?10.9.9.9"),
        ("The PEP addresses are 10.0.0.4 and 10.0.0.5", "10.0.0.4 10.0.0.5"),
    ] {
        assert_eq!(told(text), wanted, "{text}");
    }
}

#[test]
fn marks_around_an_address_do_not_hide_it() {
    for text in [
        "PEP \u{200e}10.0.0.4\u{202c} \u{200f}10.0.0.5",
        "PEP `10.0.0.4` **10.0.0.5**",
        "PEP \u{201c}10.0.0.4\u{201d} \u{ab}10.0.0.5\u{bb}",
        "PEP\u{ff1a}10.0.0.4\u{3001}10.0.0.5",
        "PEP 10.0.0.4/24, 10.0.0.5/32",
        "PEP 10.0.0.4/10.0.0.5",
        "PEP http://10.0.0.4:5985/wsman HTTPS://10.0.0.5:5986/wsman",
        "<tr><td>Privileged endpoint</td><td>10.0.0.4<br>10.0.0.5</td></tr><tr><td>Router</td><td>10.0.0.1</td></tr>",
    ] {
        assert_eq!(told(text), "10.0.0.4 10.0.0.5", "{text}");
    }
    assert_eq!(told("Console:10.0.0.4 and http://10.0.0.9/ and http://10.0.0.9:8080/wsmanx"), "?10.0.0.4");
    assert_eq!(told("[\"10.0.0.4\",\"10.0.0.5\"]"), "10.0.0.4 10.0.0.5");
}

#[test]
fn a_listing_of_the_stamp_information_tells_the_internal_domain() {
    let found = of_text(
        "DomainFQDN : azs.internal.local\nDomainNetBIOSName : azs\nEmergencyConsoleIPAddresses : {10.0.0.4, 10.0.0.5}\n\
         ExternalDNSIPAddress01 : 10.0.9.1\nPSComputerName : 10.0.0.5\nRunspaceId : 0f1f7b1e-8d1b-4f7a-9a61-0b6f2d7f4c10",
    );
    let facts = [Fact::DnsDomain, Fact::NetbiosDomain, Fact::DnsServer].map(|fact| found.value(fact));
    assert_eq!(facts, [Some("azs.internal.local"), Some("azs"), Some("10.0.9.1")]);
    assert_eq!(found.learnt.iter().filter(|one| one.fact == Fact::DnsServer).count(), 1);
    assert_eq!(hosts(&found), ["10.0.0.4", "10.0.0.5"]);
}

#[test]
fn what_is_not_read_is_told_once() {
    let codes = |text: &str| of_text(text).problems.iter().map(|problem| problem.fault.code).collect::<Vec<_>>();
    let list = |count: u32| (1..=count).map(|at| format!("10.0.1.{at} ")).collect::<String>();
    assert_eq!(codes(&format!("PEP: {}", list(16))), [] as [u16; 0]);
    assert_eq!(codes(&format!("PEP: {}", list(40))), [code::NOT_ALL_READ]);
    assert_eq!(codes(&"a ".repeat(1 << 19)), [] as [u16; 0]);
    assert_eq!(codes(&"a ".repeat((1 << 19) + 1)), [code::NOT_ALL_READ]);
}

#[test]
fn the_resource_group_of_the_fabric_tells_the_region() {
    let found = of_text("Resource group\nSystem.east\nPrivileged endpoint\n10.0.0.4\n");
    assert_eq!((found.value(Fact::Region), hosts(&found)), (Some("east"), vec!["10.0.0.4"]));
}

#[test]
fn json_is_read_as_what_it_is() {
    let file = r#" {"EmergencyConsoleIPAddresses":["192.0.2.224"],"DeploymentID":"3c2f","CloudID":"x"}"#;
    let found = of_text(file);
    assert_eq!((hosts(&found), found.value(Fact::DeploymentId)), (vec!["192.0.2.224"], Some("3c2f")));
    assert_eq!(of_text(r#"{"DeploymentData":{}}"#).problems[0].fault.code, code::DEPLOYMENT_DATA_FILE);
    let answer = r#"{"properties":{"pepIpAddresses":["192.0.2.224","192.0.2.225"],"timeServer":"192.0.2.9","stampCloudId":"7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77"}}"#;
    let found = of_text(answer);
    assert_eq!((hosts(&found), found.value(Fact::CloudId)), (vec!["192.0.2.224", "192.0.2.225"], Some(CLOUD)));
}

#[test]
fn long_texts_take_time_in_proportion() {
    let time = |count: usize| {
        let text = "Region\nPrivileged endpoint 10.0.0.1 Version\n".repeat(count);
        let before = std::time::Instant::now();
        assert_eq!(of_text(&text).candidates.len(), 1);
        before.elapsed()
    };
    let (small, large) = (time(2_000), time(16_000));
    assert!(large < small * 8 * 4 + std::time::Duration::from_millis(50), "{small:?} {large:?}");
    assert!(of_text(&"Region\n".repeat(150_000)).candidates.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_taken_and_every_candidate_stands_in_it(text in "(?s).{0,300}") {
        for candidate in of_text(&text).candidates {
            prop_assert!(address::parse(&candidate.address.host, From::Typed).is_ok());
        }
    }

    #[test]
    fn text_that_is_almost_right_is_taken(words in prop::collection::vec(prop_oneof![
        Just("Privileged endpoint".to_owned()), Just("Time server".to_owned()), Just("Region".to_owned()), Just("{".to_owned()),
        "10\\.0\\.0\\.[0-9]{1,3}", "[0-9a-f:.]{0,12}", Just("\n".to_owned()), Just("\t".to_owned()), Just(CLOUD.to_owned()), ".",
    ], 0..60)) {
        let text = words.join(" ");
        let found = of_text(&text);
        prop_assert!(found.candidates.len() <= MOST);
        for candidate in &found.candidates {
            let host = candidate.address.host.as_str();
            // The last number may be one of a range.
            let network = host.rsplit_once('.').map_or(host, |(network, _)| network);
            prop_assert!(host.contains(':') || text.contains(network), "{host} is not in {text:?}");
        }
    }

    #[test]
    fn order_and_layout_do_not_matter(
        order in Just(vec![0usize, 1, 2, 3, 4, 5]).prop_shuffle(),
        between in prop::sample::select(vec!["\n", ": ", "\t", " = ", "   "]),
        after in prop::sample::select(vec!["\n", "\r\n", "\n\n", ";\n"]),
        octets in prop::collection::hash_set(1u8..200, 3),
    ) {
        let peps: Vec<String> = octets.iter().map(|octet| format!("10.1.2.{octet}")).collect();
        let pep = peps.join(", ");
        let rows = [("Privileged endpoint IP addresses", pep.as_str()), ("Time server", "10.9.9.9"), ("DNS forwarders", "10.9.9.1,10.9.9.2"),
            ("Stamp Cloud ID", CLOUD), ("Current version", "1.2206.2.77"), ("Region", "east")];
        let text: String = order.iter().map(|at| format!("{}{between}{}{after}", rows[*at].0, rows[*at].1)).collect();
        let found = of_text(&text);
        prop_assert_eq!(hosts(&found), peps.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(found.value(Fact::CloudId), Some(CLOUD));
        prop_assert_eq!(found.value(Fact::Region), Some("east"));
        prop_assert_eq!(found.value(Fact::Version), Some("1.2206.2.77"));
    }
}

#[test]
fn groups_are_put_in_order_behind_other_lines_too() {
    // A line that is no label and one that is come before; more values than labels follow, or fewer.
    let group = "Region\nStamp Cloud ID\nTime server\n";
    let values = format!("east\n{CLOUD}\n10.9.9.9\n");
    for (before, after, ordered) in
        [("", "", true), ("Properties\n\n", "", true), ("Version\n1.2206.2.77\n", "", true), ("", "one more\n", false)]
    {
        let found = of_text(&format!("{before}{group}{values}{after}"));
        let told = (found.value(Fact::Region), found.value(Fact::CloudId), found.value(Fact::TimeServer));
        let all = (Some("east"), Some(CLOUD), Some("10.9.9.9"));
        assert_eq!(told == all, ordered, "{before:?} {after:?} {found:?}");
    }
}

#[test]
fn a_message_in_words_gives_all_three_and_no_gateway() {
    let found = of_text(
        "Hello, the ERCS VMs are at 172.16.8.224/225/226 (port 5985). Subnet 255.255.255.0, gateway 172.16.8.1.\nRegards",
    );
    assert_eq!(hosts(&found), ["172.16.8.224", "172.16.8.225", "172.16.8.226"]);
    assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Known));
    assert!(found.problems.is_empty(), "{found:#?}");
    let found = of_text("use 172.16.8.224-226 please; mask 255.255.255.192, default gateway 172.16.8.193");
    assert_eq!(hosts(&found), ["172.16.8.224", "172.16.8.225", "172.16.8.226"]);
    let found =
        of_text("PrivilegedEndpoints\t[\"10.0.0.4\",\"10.0.0.5\"]\nCloudId\t7c0a1b36-1111-2222-3333-444455556666");
    assert_eq!(hosts(&found), ["10.0.0.4", "10.0.0.5"]);
    assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Known));
}

#[test]
fn settings_files_and_lists_of_tools_tell_their_addresses() {
    for text in [
        "PEP1=10.0.0.4\nPEP2=10.0.0.5\nPEP3=10.0.0.6\nNTP=10.1.1.1\n",
        "PEP_IP_1=10.0.0.4\nPEP_IP_2=10.0.0.5\nPEP_IP_3=10.0.0.6\nNTP_SERVER_1=10.1.1.1\n",
        "privileged_endpoints: [10.0.0.4, 10.0.0.5, 10.0.0.6]\nntp_servers: [10.1.1.1]\n",
        "Region,PEP1,PEP2,PEP3,NTP\neast,10.0.0.4,10.0.0.5,10.0.0.6,10.1.1.1\n",
        "<Stamp><Region>east</Region><PEP>10.0.0.4</PEP><PEP>10.0.0.5</PEP><PEP>10.0.0.6</PEP><NTP>10.1.1.1</NTP></Stamp>",
        r#"<Obj N="EmergencyConsoleIPAddresses"><TN RefId="1"><T>System.String[]</T></TN><LST><S>10.0.0.4</S><S>10.0.0.5</S><S>10.0.0.6</S></LST></Obj>"#,
        "azs-ercs01 IN A 10.0.0.4\nazs-ercs02.azs.local. 1200 IN A 10.0.0.5\nAZS-ERCS03 Running {10.0.0.6, fe80::1}",
        "Name:    azs-ercs01.azs.local\nAddress:  10.0.0.4\n\nName:    azs-ercs02.azs.local\nAddresses:  10.0.0.5\n            10.0.0.6\n",
        "Pinging azs-ercs01.azs.local [10.0.0.4] with 32 bytes of data:\nPinging azs-ercs02 [10.0.0.5]\nPinging azs-ercs03 [10.0.0.6]",
        "1. 10.0.0.4\n2. 10.0.0.5\n3. 10.0.0.6\n",
        "The PEP addresses for our stamp are 10.0.0.4, 10.0.0.5 und 10.0.0.6.",
        "PEPs (10.0.0.4) (10.0.0.5) (10.0.0.6)",
        "The network is 10.0.0.0/24, the PEPs are .4, .5 and .6",
        "PEP IPs 10.0.0.x: .4, .5, .6",
        "Privileged&#32;endpoint: 10.0.0.4,&#x20;10.0.0.5, 10.0.0.6",
    ] {
        assert_eq!(told(text), "10.0.0.4 10.0.0.5 10.0.0.6", "{text}");
    }
}

#[test]
fn what_belongs_to_something_else_is_not_taken_for_an_endpoint() {
    for (text, wanted) in [
        ("10.0.0.4 is our PEP, 10.1.1.1 is the time server", "?10.0.0.4 ?10.1.1.1"),
        ("PEP 10.0.0.4 255.255.255.0 10.0.0.1", "10.0.0.4 ?10.0.0.1"),
        ("azs-ercs01.azs.local. 1200 IN A 10.0.0.4\n;; SERVER: 10.1.1.1#53(10.1.1.1)\n", "10.0.0.4 ?10.1.1.1"),
        ("PEP 10.0.0.4, network 10.0.0.192/26, 10.0.0.8/30", "10.0.0.4"),
    ] {
        assert_eq!(told(text), wanted, "{text}");
    }
    // A resolver on this computer is no endpoint that could not be used.
    let found =
        of_text("Server: 127.0.0.53\nAddress: 127.0.0.53#53\n\nName: azs-ercs01.azs.local\nAddress: 10.0.0.4\n");
    assert_eq!((hosts(&found), found.problems.len()), (vec!["10.0.0.4"], 0), "{found:?}");
    let found = of_text("127.0.0.1 localhost");
    assert_eq!((found.candidates.len(), found.problems.len()), (0, 1), "{found:?}");
}

#[test]
fn the_region_is_a_word_of_its_own() {
    for (text, region) in [
        ("Region\n\nSearch (Ctrl+/)\n\nOverview\n", None),
        ("Region\nAktuelle Version\nZeitserver\neast\n1.2206.2.77\n10.1.1.1\n", None),
        ("Region\neast\nCurrent version\n1.2206.2.77\n", Some("east")),
        ("Region: east (Contoso)", Some("east")),
        ("Region east Stamp Cloud ID x", Some("east")),
        ("region=east", Some("east")),
    ] {
        assert_eq!(of_text(text).value(Fact::Region), region, "{text}");
    }
}

#[test]
fn half_an_address_is_not_taken() {
    let text = r#"{"EmergencyConsoleIPAddresses": ["10.0.0.41", "10.0.0.4"#;
    let found = of_text(text);
    assert_eq!(hosts(&found), ["10.0.0.41"]);
    assert_eq!(found.problems[0].fault.code, code::NOT_ALL_READ);
    // What a file is refused for is not read past when it is pasted.
    let twice = r#"{"EmergencyConsoleIPAddresses": "10.0.0.1", "EmergencyConsoleIPAddresses": "10.0.0.2"}"#;
    let found = of_text(twice);
    assert_eq!((found.candidates.len(), found.problems[0].fault.code), (0, code::NOT_A_STAMP_FILE));
}
