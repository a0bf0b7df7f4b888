//! The page that all reports share: head, style, and how the run was made. What a report says, its own template has.

use tera::{Context, Tera};

use crate::experiment::Manifest;

use super::number;

const SHELL: &str = include_str!("../../templates/page.html");

/// Renders `template`, the source of one that extends `page.html` and fills its blocks: `title` (`{{ title }}` unless it is
/// filled), `content`, and `made`, which tells of the manifest that [`insert_manifest`] put into the context.
///
/// # Errors
/// None that a run could cause: templates are part of the program.
pub(in crate::report) fn render(template: &str, context: &Context) -> Result<String, tera::Error> {
    let mut tera = Tera::default();
    tera.add_raw_templates([("page.html", SHELL), ("report.html", template)])?;
    tera.render("report.html", context)
}

/// How a run was made, for the block `made`.
pub(in crate::report) fn insert_manifest(context: &mut Context, manifest: &Manifest) {
    let memory = manifest.machine.memory;
    context.insert("manifest", manifest);
    context.insert("memory", &memory.map(|bytes| number::bytes(bytes as f64)));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_fills_the_shell_and_what_it_says_is_escaped() {
        let mut context = Context::new();
        context.insert("title", "a < b");
        let manifest = json!({"command": "uwsgi-lab run 'x & y'", "images": {}, "machine": {}});
        context.insert("manifest", &manifest);
        let template = "{% extends \"page.html\" %}{% block content %}<h1>{{ title }}</h1>{% endblock %}";
        let page = render(template, &context);
        assert!(page.is_err(), "a manifest without its fields is told: {page:?}");
        let template =
            format!("{template}{{% block made %}}<code>{{{{ manifest.command }}}}</code>{{% endblock %}}");
        let page = render(&template, &context).unwrap();
        let (head, body) = page.split_once("<body>").unwrap();
        assert!(head.contains("<title>a &lt; b</title>"), "{head}");
        assert_eq!(
            body.trim(),
            "<h1>a &lt; b</h1><code>uwsgi-lab run &#39;x &amp; y&#39;</code></body>\n</html>"
        );
    }
}
