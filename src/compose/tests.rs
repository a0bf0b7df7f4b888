//! Whole files in, whole projects or whole errors out.

mod differential;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;

fn load_with(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ComposeError> {
    let variables = variables.iter();
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = LoadOptions {
        variables: &variables.collect(),
        profiles: &BTreeSet::new(),
        name: None,
    };
    load(Path::new("/lab/compose.yaml"), text, &options)
}

fn project(text: &str) -> Project {
    load_with(text, &[]).unwrap().project
}

/// The one service of a file that has `fields`, each line indented by itself.
fn service(fields: &str) -> Service {
    project(&with_service(fields)).services.remove("web").unwrap()
}

fn with_service(fields: &str) -> String {
    let indented: Vec<String> = fields.lines().map(|line| format!("    {line}")).collect();
    format!("services:\n  web:\n    image: i\n{}\n", indented.join("\n"))
}

/// The problems of a file as the user sees them, without the file's name.
fn problems(text: &str) -> Vec<String> {
    match load_with(text, &[]) {
        Err(ComposeError::Invalid { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{text}\n{other:?}"),
    }
}

fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    let entries = entries.iter();
    entries
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn plain() -> Service {
    Service {
        image: Some("i".to_owned()),
        networks: [("default".to_owned(), vec![])].into(),
        ..Service::default()
    }
}

#[test]
fn a_service_of_two_lines_has_the_defaults_and_the_default_network() {
    let expected = Project {
        name: "lab".to_owned(),
        services: [("web".to_owned(), plain())].into(),
        networks: [("default".to_owned(), Network::default())].into(),
        volumes: BTreeMap::new(),
    };
    assert_eq!(project("services:\n  web:\n    image: i\n"), expected);
}

const SHORT_FORMS: &str = r#"
services:
  db: {image: d}
  web:
    build: ./site
    command: serve --name "a b"
    entrypoint: /bin/sh -c
    environment: [A=1, B=x=y, C=]
    labels: [one=1, two]
    ports: ["127.0.0.1:8080:80/tcp", "9000"]
    volumes: ["data:/data:ro", ./conf/../etc:/etc/app, /cache]
    networks: [back]
    depends_on: [db]
    tmpfs: /tmp
    healthcheck: {test: curl localhost}
    configs: [settings]
networks: {back: {}}
volumes: {data: {}}
configs: {settings: {content: text}}
"#;

const LONG_FORMS: &str = r#"
x-anything: {$free: '${form'}
version: "3.9"
services:
  db: {image: d, x-note: kept out}
  web:
    build: {context: site, dockerfile: Dockerfile}
    command: [serve, --name, a b]
    entrypoint: [/bin/sh, -c]
    environment: {A: 1, B: x=y, C: ""}
    labels: {one: "1", two: }
    ports:
      - {host_ip: 127.0.0.1, published: "8080", target: 80, protocol: tcp}
      - {target: 9000}
    volumes:
      - {type: volume, source: data, target: /data, read_only: true}
      - {type: bind, source: /lab/etc, target: /etc/app}
      - {type: volume, target: /cache}
    networks: {back: }
    depends_on: {db: {condition: service_started}}
    tmpfs: [/tmp]
    healthcheck: {test: [CMD-SHELL, curl localhost], disable: false}
    configs: [{source: settings, target: /settings, mode: 0444}]
networks: {back: }
volumes: {data: }
configs: {settings: {content: text}}
"#;

fn both_ports() -> Vec<Port> {
    vec![
        Port {
            host_ip: "127.0.0.1".to_owned(),
            published: Some(8080),
            target: 80,
            protocol: Protocol::Tcp,
        },
        Port {
            host_ip: String::new(),
            published: None,
            target: 9000,
            protocol: Protocol::Tcp,
        },
    ]
}

fn both_mounts() -> Vec<Mount> {
    vec![
        Mount::Volume {
            source: Some("data".to_owned()),
            target: "/data".to_owned(),
            read_only: true,
        },
        Mount::Bind {
            source: PathBuf::from("/lab/etc"),
            target: "/etc/app".to_owned(),
            read_only: false,
        },
        Mount::Volume {
            source: None,
            target: "/cache".to_owned(),
            read_only: false,
        },
    ]
}

#[test]
fn short_and_long_forms_are_the_same_service() {
    let expected = Service {
        image: None,
        build: Some(Build {
            context: PathBuf::from("/lab/site"),
            dockerfile: "Dockerfile".to_owned(),
            args: BTreeMap::new(),
            target: None,
            overlays: BTreeMap::new(),
        }),
        command: Some(strings(&["serve", "--name", "a b"])),
        entrypoint: Some(strings(&["/bin/sh", "-c"])),
        environment: map(&[("A", "1"), ("B", "x=y"), ("C", "")]),
        labels: map(&[("one", "1"), ("two", "")]),
        ports: both_ports(),
        volumes: both_mounts(),
        networks: [("back".to_owned(), vec![])].into(),
        depends_on: [("db".to_owned(), Condition::Started)].into(),
        tmpfs: strings(&["/tmp"]),
        healthcheck: Some(Healthcheck {
            test: Some(strings(&["CMD-SHELL", "curl localhost"])),
            interval: None,
            timeout: None,
            start_period: None,
            retries: None,
        }),
        configs: vec![ConfigFile {
            target: "/settings".to_owned(),
            content: "text".to_owned(),
            mode: 0o444,
        }],
        ..Service::default()
    };
    assert_eq!(project(SHORT_FORMS).services["web"], expected);
    assert_eq!(project(LONG_FORMS), project(SHORT_FORMS));
}

#[test]
fn the_other_fields_arrive_in_the_units_of_the_model() {
    let fields = "user: 1000\nread_only: true\ncap_drop: [ALL]\nsecurity_opt: ['no-new-privileges:true']\nmem_limit: 512m\n\
                  cpus: 0.5\ninit: true\nrestart: on-failure:3\ncommand: []\n\
                  healthcheck: {test: [CMD, 'true'], interval: 1m30s, timeout: 500ms, start_period: 0s, retries: 3}";
    let expected = Service {
        user: Some("1000".to_owned()),
        read_only: true,
        cap_drop: strings(&["ALL"]),
        security_opt: strings(&["no-new-privileges:true"]),
        mem_limit: Some(512 << 20),
        nano_cpus: Some(500_000_000),
        init: Some(true),
        restart: Restart::OnFailure(3),
        command: Some(vec![]),
        healthcheck: Some(Healthcheck {
            test: Some(strings(&["CMD", "true"])),
            interval: Some(90_000_000_000),
            timeout: Some(500_000_000),
            start_period: Some(0),
            retries: Some(3),
        }),
        ..plain()
    };
    assert_eq!(service(fields), expected);
}

#[test]
fn ports_are_read_in_each_short_form() {
    for (text, host_ip, published, target, protocol) in [
        ("80", "", None, 80, Protocol::Tcp),
        ("'8080:80'", "", Some(8080), 80, Protocol::Tcp),
        ("'53:53/udp'", "", Some(53), 53, Protocol::Udp),
        ("'127.0.0.1::80'", "127.0.0.1", None, 80, Protocol::Tcp),
        ("'[::1]:8080:80'", "::1", Some(8080), 80, Protocol::Tcp),
        ("'0:80'", "", None, 80, Protocol::Tcp),
        ("22:22", "", Some(22), 22, Protocol::Tcp),
    ] {
        let expected = Port {
            host_ip: host_ip.to_owned(),
            published,
            target,
            protocol,
        };
        assert_eq!(service(&format!("ports: [{text}]")).ports, [expected], "{text}");
    }
}

#[test]
fn merge_keys_bring_in_what_is_not_there_and_earlier_mappings_win() {
    let text = "
x-one: &one {image: one, user: a, environment: &env {A: a, B: b}}
x-two: &two {image: two, user: b, read_only: true}
services:
  web:
    <<: [*one, *two]
    user: own
    environment: {<<: *env, B: own}
";
    let expected = Service {
        image: Some("one".to_owned()),
        user: Some("own".to_owned()),
        read_only: true,
        environment: map(&[("A", "a"), ("B", "own")]),
        ..plain()
    };
    assert_eq!(project(text).services["web"], expected);
}

#[test]
fn variables_are_put_into_values_of_any_type_and_an_unset_one_is_warned_of() {
    let text = "
name: ${NAME}
services:
  web:
    image: a:${TAG:-1}$UNSET
    read_only: ${YES}
    mem_limit: ${MEM:-64m}
    ports: ['${PORT}:80']
    environment: {A: '$$A', B: , C: , D: '${ZEROS}'}
";
    let variables = [
        ("NAME", "n"),
        ("YES", "true"),
        ("PORT", "81"),
        ("B", "b"),
        ("ZEROS", "007"),
    ];
    let loaded = load_with(text, &variables).unwrap();
    let expected = Service {
        image: Some("a:1".to_owned()),
        read_only: true,
        mem_limit: Some(64 << 20),
        ports: vec![Port {
            host_ip: String::new(),
            published: Some(81),
            target: 80,
            protocol: Protocol::Tcp,
        }],
        environment: map(&[("A", "$A"), ("B", "b"), ("D", "007")]),
        ..plain()
    };
    assert_eq!(loaded.project.name, "n");
    assert_eq!(loaded.project.services["web"], expected);
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["services.web.image: the variable UNSET is not set, empty text takes its place"]
    );
}

#[test]
fn services_of_inactive_profiles_and_what_only_they_use_are_left_out() {
    let text = "
services:
  web: {image: i}
  debug: {image: d, profiles: [debug], networks: [side], volumes: ['data:/d']}
networks: {side: }
volumes: {data: }
";
    let names = |profiles: &[&str]| {
        let options = LoadOptions {
            variables: &BTreeMap::new(),
            profiles: &strings(profiles).into_iter().collect(),
            name: None,
        };
        let project = load(Path::new("/lab/c.yaml"), text, &options).unwrap().project;
        let services: Vec<String> = project.services.into_keys().collect();
        let networks: Vec<String> = project.networks.into_keys().collect();
        (services, networks, project.volumes.len())
    };
    assert_eq!(names(&[]), (strings(&["web"]), strings(&["default"]), 0));
    assert_eq!(
        names(&["debug"]),
        (strings(&["debug", "web"]), strings(&["default", "side"]), 1)
    );
}

#[test]
fn the_project_is_named_by_the_caller_else_the_file_else_the_directory() {
    let name = |path: &str, text: &str, name: Option<&str>| {
        let options = LoadOptions {
            variables: &BTreeMap::new(),
            profiles: &BTreeSet::new(),
            name,
        };
        let loaded = load(Path::new(path), text, &options).map_err(|error| error.to_string());
        loaded.map(|loaded| loaded.project.name)
    };
    let services = "services: {web: {image: i}}";
    let named = "name: file\nservices: {web: {image: i}}";
    assert_eq!(name("/a/c.yaml", named, Some("caller")), Ok("caller".to_owned()));
    assert_eq!(name("/a/c.yaml", named, None), Ok("file".to_owned()));
    assert_eq!(
        name("/a/_My Lab.2/c.yaml", services, None),
        Ok("mylab2".to_owned())
    );
    assert_eq!(
        name("/a/c.yaml", services, Some("My lab")),
        Err(
            "/a/c.yaml: name: 'My lab' cannot name a project: lower-case letters, digits, '-' and '_', \
             starting with a letter or digit"
                .to_owned()
        )
    );
}

#[test]
fn numbers_that_programs_read_differently_must_be_quoted() {
    for value in [
        "0755",
        "1e3",
        "1.0",
        "0x1f",
        "0o17",
        "+5",
        "1_000",
        "2024-01-31",
        ".5",
        ".inf",
    ] {
        let expected = format!(
            "services.web.environment.KEY (line 5): {value} is read as a number or a date by some programs \
             and as text by others: quote it"
        );
        let fields = format!("environment:\n  KEY: {value}");
        assert_eq!(problems(&with_service(&fields)), [expected]);
        let quoted = service(&format!("environment:\n  KEY: \"{value}\""));
        assert_eq!(quoted.environment, map(&[("KEY", value)]));
        let listed = service(&format!("environment: [KEY={value}]"));
        assert_eq!(listed.environment, map(&[("KEY", value)]));
    }
    let plain = service("environment: {A: 5, B: -5, C: true, D: 1.2.3, 'E': 18446744073709551615}");
    let expected = [
        ("A", "5"),
        ("B", "-5"),
        ("C", "true"),
        ("D", "1.2.3"),
        ("E", "18446744073709551615"),
    ];
    assert_eq!(plain.environment, map(&expected));
}

/// A service's field, and what is said about it after `services.web.`.
const MISTAKES: &[(&str, &str)] = &[
    (
        "ports: ['8000-8010:80']",
        "ports[0] (line 4): 8000-8010:80 is a range of ports, which uwsgi-lab does not support: publish each port by itself",
    ),
    (
        "ports: [{target: 80, published: 80-90}]",
        "ports[0].published (line 4): 80-90 is a range of ports, which uwsgi-lab does not support: publish each port by itself",
    ),
    (
        "ports: ['x:80']",
        "ports[0] (line 4): 'x:80' where a port such as 127.0.0.1:8080:80/tcp is expected",
    ),
    (
        "ports: ['70000']",
        "ports[0] (line 4): '70000' where a port such as 127.0.0.1:8080:80/tcp is expected",
    ),
    (
        "ports: {a: b}",
        "ports (line 4): a mapping where a list is expected",
    ),
    (
        "ports: [{target: 80, mode: host}]",
        "ports[0].mode (line 4): not supported by uwsgi-lab; supported here: host_ip, protocol, published, target",
    ),
    ("ports: [{published: 80}]", "ports[0] (line 4): target is missing"),
    (
        "volumes: ['data:relative']",
        "volumes[0] (line 4): 'data:relative' where a volume such as data:/path, ./directory:/path:ro or /path is expected",
    ),
    (
        "volumes: ['./a:/a:Z']",
        "volumes[0] (line 4): './a:/a:Z' where a volume such as data:/path, ./directory:/path:ro or /path is expected",
    ),
    (
        "volumes: ['~/a:/a']",
        "volumes[0] (line 4): '~/a:/a' where a path (the variable HOME is not set) is expected",
    ),
    (
        "volumes: ['data:/a']",
        "volumes.data: there is no volume 'data' in the file; it has none",
    ),
    (
        "networks: [back]",
        "networks.back: there is no network 'back' in the file; it has default",
    ),
    (
        "configs: [c]",
        "configs[0] (line 4): there is no config 'c' in the file; it has none",
    ),
    (
        "configs: [{source: c, mode: 440}]",
        "configs[0].mode (line 4): 440 where permission bits in octal such as 0440 is expected",
    ),
    (
        "depends_on: [db]",
        "depends_on.db: there is no service 'db' in the file; it has web",
    ),
    (
        "depends_on: {db: {condition: healthy}}",
        "depends_on.db.condition (line 4): 'healthy' where service_started, service_healthy or service_completed_successfully is expected",
    ),
    (
        "mem_limit: much",
        "mem_limit (line 4): 'much' where a size such as 512m is expected",
    ),
    (
        "cpus: [1]",
        "cpus (line 4): a list where a number of processors such as 0.5 is expected",
    ),
    (
        "restart: false",
        "restart (line 4): false where 'no' (in quotes), always, unless-stopped or on-failure[:attempts] is expected",
    ),
    (
        "init: maybe",
        "init (line 4): 'maybe' where true or false is expected",
    ),
    (
        "command: say 'a",
        "command (line 4): 'say 'a' where a command line whose quotes are closed is expected",
    ),
    (
        "command: [sleep, 10]",
        "command[1] (line 4): 10 where text (quote it) is expected",
    ),
    (
        "healthcheck: {test: [curl]}",
        "healthcheck.test (line 4): a list where a list that begins with CMD, CMD-SHELL or NONE is expected",
    ),
    (
        "healthcheck:\n  interval: 30",
        "healthcheck.interval (line 5): 30 where a duration such as 1m30s is expected",
    ),
    (
        "build: https://example.org/x.git",
        "build (line 4): 'https://example.org/x.git' where a directory is expected",
    ),
    ("build: {target: t}", "build (line 4): context is missing"),
    (
        "environment: text",
        "environment (line 4): 'text' where a mapping or a list of KEY=value is expected",
    ),
    (
        "labels: {a: [b]}",
        "labels.a (line 4): a list where text is expected",
    ),
    (
        "user: ${}",
        "user (line 4): cannot read the variable in '${}': write ${NAME}, or $$ for a dollar sign",
    ),
    (
        "user: ${NOBODY:?type it}",
        "user (line 4): the variable NOBODY is required: type it",
    ),
];

#[test]
fn each_mistake_in_a_service_is_named_with_its_path_line_and_what_is_expected() {
    for (fields, expected) in MISTAKES {
        assert_eq!(
            problems(&with_service(fields)),
            [format!("services.web.{expected}")]
        );
    }
}

#[test]
fn keys_that_are_not_supported_are_refused_by_name_all_at_once() {
    let text = "
secrets: {}
services:
  web:
    image: i
    privileged: true
    healthcheck: {start_interval: 1s}
  other:
    build: {context: ., ssh: x}
configs: {c: {file: ./c}}
";
    let supported = "build, cap_drop, command, configs, cpus, depends_on, entrypoint, environment, healthcheck, image, init, \
                     labels, mem_limit, networks, ports, profiles, read_only, restart, security_opt, tmpfs, user, volumes";
    let refused = |path: &str, supported: &str| {
        format!("{path}: not supported by uwsgi-lab; supported here: {supported}")
    };
    assert_eq!(
        problems(text),
        [
            refused(
                "secrets (line 2)",
                "configs, name, networks, services, version, volumes"
            ),
            refused("configs.c.file (line 10)", "content"),
            refused("services.web.privileged (line 6)", supported),
            refused(
                "services.web.healthcheck.start_interval (line 7)",
                "disable, interval, retries, start_period, test, timeout"
            ),
            refused(
                "services.other.build.ssh (line 9)",
                "args, context, dockerfile, target"
            ),
        ]
    );
}

#[test]
fn files_without_usable_services_are_refused() {
    for (text, expected) in [
        ("", "the file: nothing where a mapping is expected"),
        ("- a", "the file: a list where a mapping is expected"),
        ("name: a", "the file: services is missing"),
        (
            "services: []",
            "services (line 1): a list where a mapping is expected",
        ),
        (
            "services: {web: }",
            "services.web (line 1): nothing where a mapping is expected",
        ),
        (
            "services: {web: {}}",
            "services.web (line 1): image or build is missing",
        ),
        (
            "services: {we b: {image: i}}",
            "services.we b (line 1): the name 'we b' where one of letters, digits, '.', '_' and '-' is expected",
        ),
        (
            "name: Lab\nservices: {w: {image: i}}",
            "name (line 1): 'Lab' cannot name a project: lower-case letters, digits, '-' and '_', starting with a letter or digit",
        ),
        (
            "services: {web: {image: i, depends_on: [db]}, db: {image: d, profiles: [x]}}",
            "services.web.depends_on.db: service 'db' is left out because its profile is not active: x",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn services_that_wait_for_each_other_are_named_in_a_circle() {
    let text = "
services:
  a: {image: i, depends_on: [b]}
  b: {image: i, depends_on: [c, free]}
  c: {image: i, depends_on: [d]}
  d: {image: i, depends_on: [b]}
  free: {image: i}
";
    assert_eq!(
        problems(text),
        ["services.b.depends_on: the services wait for each other: b → c → d → b"]
    );
}

#[test]
fn broken_yaml_is_named_with_line_and_column() {
    for (text, expected) in [
        (
            "services:\n  web: [",
            "did not find expected node content at line 3 column 1, while parsing a flow node",
        ),
        ("a: 1\na: 2\n", "duplicate key 'a' at line 2"),
        (
            "services:\n  web:\n    image: i\n    image: j\n",
            "duplicate key 'image' at line 4",
        ),
        (
            "services: !reset {}",
            "the tag !reset is not supported by uwsgi-lab at line 1",
        ),
        (
            "services: {<<: 1}",
            "'<<' takes a mapping or a list of mappings at line 1",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "deserializing from YAML containing more than one document is not supported",
        ),
    ] {
        let expected = format!("/lab/compose.yaml: {expected}");
        assert_eq!(load_with(text, &[]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn texts_that_grow_without_end_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for level in 1..64 {
        bomb += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
    }
    let message = |text: &str| load_with(text, &[]).unwrap_err().to_string();
    assert!(
        message(&bomb).contains("more than 50000 values once aliases are followed"),
        "{}",
        message(&bomb)
    );
    assert_eq!(
        message(&"a".repeat(10 << 20)),
        "/lab/compose.yaml: 10485760 bytes are too many for a Compose file, at most 262144"
    );
    let many = "- a\n".repeat(60_000);
    assert!(message(&many).contains("more than 50000 values once aliases are followed"));
    assert!(message(&"[".repeat(32 << 10)).contains("recursion limit exceeded"));
}

#[test]
fn our_own_stack_publishes_on_loopback_alone_and_names_its_endpoints() {
    let text = include_str!("../../stack/compose.yaml");
    let passwords = [
        ("UWSGI_LAB_INFLUXDB_PASSWORD", "i"),
        ("UWSGI_LAB_GRAFANA_PASSWORD", "g"),
    ];
    let loaded = load_with(text, &passwords).unwrap();
    assert_eq!(loaded.warnings, []);
    let mut endpoints = BTreeMap::new();
    for service in loaded.project.services.values() {
        for port in &service.ports {
            assert_eq!(port.host_ip, "127.0.0.1");
            let label = service
                .labels
                .iter()
                .find(|(_, value)| **value == port.target.to_string());
            endpoints.insert(label.unwrap().0.as_str(), port.published);
        }
        assert_eq!(service.security_opt, ["no-new-privileges:true"]);
        assert!(!service.cap_drop.is_empty());
    }
    let expected = [
        ("dev.uwsgi-lab.endpoint.app", Some(9090)),
        ("dev.uwsgi-lab.endpoint.grafana", Some(3000)),
        ("dev.uwsgi-lab.endpoint.influxdb", Some(8086)),
        ("dev.uwsgi-lab.endpoint.stats", Some(9191)),
    ];
    assert_eq!(endpoints, expected.into());
    let Err(ComposeError::Invalid { problems, .. }) = load_with(text, &[]) else {
        panic!("passwords are required");
    };
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "services.influxdb.environment.INFLUXDB_ADMIN_PASSWORD",
            "services.grafana.environment.GF_SECURITY_ADMIN_PASSWORD"
        ]
    );
}
