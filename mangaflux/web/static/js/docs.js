// <mf-docs>: the API reference, written from /openapi.json as the server describes itself.

import { get } from "./api.js";
import { exampleOf } from "./docs-example.js";
import { copyOf, fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

const METHODS = ["get", "post", "patch", "put", "delete", "head"];

class Docs extends HTMLElement {
  async connectedCallback() {
    document.title = `${t("docs.title")} · MangaFlux`;
    this.#frame(h("p", { class: "muted", role: "status" }, "…"));
    try {
      const document_ = await get("/openapi.json");
      this.#frame(...this.#content(document_));
      if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
    } catch (error) {
      if (error.name !== "Problem") throw error;
      this.#frame(h("div", { class: "notice bad" }, icon("warn"), h("p", {}, error.message)));
    }
  }

  #frame(...children) {
    fill(
      this,
      h(
        "header",
        { class: "top" },
        h(
          "a",
          { class: "brand", href: "/" },
          h("img", { src: "/static/icon.svg", alt: "", width: "28", height: "28" }),
          h("span", {}, "MangaFlux"),
        ),
        h(
          "nav",
          { class: "tabs", "aria-label": t("nav.views") },
          h("a", { class: "tab", href: "/" }, icon("back"), t("docs.back")),
        ),
      ),
      h("main", { class: "view docs", id: "main", tabindex: "-1" }, children),
    );
  }

  #content(description) {
    const tags = new Map();
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const method of METHODS.filter((each) => each in methods)) {
        const operation = methods[method];
        const [tag] = operation.tags;
        tags.set(tag, [...(tags.get(tag) ?? []), { path, method, operation }]);
      }
    }
    const schemas = description.components.schemas;
    return [
      h(
        "div",
        { class: "view-head" },
        h(
          "div",
          {},
          h("h1", {}, t("docs.title")),
          h("p", { class: "lede" }, t("docs.lede")),
          h(
            "p",
            { class: "small muted" },
            `MangaFlux ${description.info.version} · `,
            h("a", { href: "/openapi.json" }, "openapi.json"),
            ` · ${t("docs.token.note")}`,
          ),
        ),
      ),
      h(
        "div",
        { class: "docs-body" },
        this.#index(tags),
        h(
          "div",
          { class: "stack" },
          [...tags].map(([tag, routes]) =>
            h(
              "section",
              { "aria-labelledby": `tag-${tag}` },
              h("h2", { id: `tag-${tag}`, class: "docs-tag" }, tag),
              routes.map((route) => routeCard(route, schemas)),
            ),
          ),
        ),
      ),
    ];
  }

  #index(tags) {
    return h(
      "nav",
      { class: "docs-index", "aria-label": t("docs.routes") },
      [...tags].map(([tag, routes]) =>
        h(
          "div",
          {},
          h("p", { class: "docs-index-tag" }, tag),
          h(
            "ul",
            {},
            routes.map(({ path, method, operation }) =>
              h(
                "li",
                {},
                h(
                  "a",
                  { href: `#${operation.operationId}` },
                  h("span", { class: `verb ${method}` }, method.toUpperCase()),
                  h("span", { class: "clip" }, path.replace("/v1/", "/")),
                ),
              ),
            ),
          ),
        ),
      ),
    );
  }
}

function routeCard({ path, method, operation }, schemas) {
  // The first way in is the usual one; reading needs the token only where the server protects it.
  const needsToken = "token" in (operation.security[0] ?? {});
  return h(
    "article",
    { class: "card route", id: operation.operationId },
    h(
      "h3",
      {},
      h("span", { class: `verb ${method}` }, method.toUpperCase()),
      h("code", {}, path),
      h("span", { class: "grow" }),
      h("span", { class: `badge ${needsToken ? "warn" : ""}` }, t(needsToken ? "docs.token" : "docs.open")),
    ),
    h("p", {}, operation.summary),
    parameters(operation.parameters),
    body(operation.requestBody, schemas),
    example(path, method, operation),
    answers(operation.responses, schemas),
  );
}

function parameters(list) {
  if (!list?.length) return null;
  return part(
    "docs.parameters",
    h(
      "dl",
      { class: "fields" },
      list.map((each) =>
        field(each.name, typeOf(each.schema), each.description ?? each.schema?.description, each.required, each.in),
      ),
    ),
  );
}

function body(requestBody, schemas) {
  if (!requestBody) return null;
  const kinds = Object.entries(requestBody.content);
  return part(
    "docs.body",
    h("p", { class: "small muted" }, kinds.map(([type]) => type).join(" · ")),
    schemaFields(kinds.find(([type]) => type.includes("json"))?.[1].schema, schemas),
  );
}

function answers(responses, schemas) {
  const rows = Object.entries(responses).map(([status, answer]) => {
    const content = Object.values(answer.content ?? {})[0];
    const name = referenceName(content?.schema);
    const isProblem = name === "Problem";
    return h(
      "div",
      {},
      h("dt", {}, h("code", {}, status)),
      h("dd", {}, answer.description, name && !isProblem && schemaFields(content.schema, schemas)),
    );
  });
  return part("docs.answers", h("dl", { class: "answers" }, rows));
}

function example(path, method, operation) {
  const text = exampleOf(path, method, operation, location.origin);
  const copied = h("span", { role: "status", class: "small muted" });
  const copy = async () => {
    copied.textContent = t((await copyOf(code)) ? "copy.done" : "copy.keys");
  };
  const code = h("code", {}, text);
  return part(
    "docs.example",
    h("pre", { tabindex: "0" }, code),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "button small-button", on: { click: copy } }, t("copy")),
      copied,
    ),
  );
}

function part(title, ...children) {
  return h("div", { class: "docs-part" }, h("h4", {}, t(title)), children);
}

function schemaFields(schema, schemas) {
  const name = referenceName(schema);
  const properties = schemas[name]?.properties;
  if (!properties) return null;
  const required = [...(schemas[name].required ?? []), ...(schema.allOf?.at(-1)?.required ?? [])];
  const isAnswer = !schema.allOf && !name.endsWith("Request");
  return h(
    "details",
    { open: !isAnswer },
    h("summary", {}, t("docs.fields", { name })),
    h(
      "dl",
      { class: "fields" },
      Object.entries(properties).map(([key, value]) =>
        field(key, typeOf(value), value.description, !isAnswer && required.includes(key)),
      ),
    ),
  );
}

function field(name, type, description, isRequired, place) {
  return h(
    "div",
    {},
    h(
      "dt",
      {},
      h("code", {}, name),
      h("span", { class: "small muted" }, ` ${type}${place && place !== "query" ? ` · ${place}` : ""}`),
      isRequired && h("span", { class: "badge" }, t("docs.required")),
    ),
    description && h("dd", { class: "small" }, description),
  );
}

function referenceName(schema) {
  const reference = schema?.$ref ?? schema?.allOf?.find((each) => each.$ref)?.$ref ?? schema?.items?.$ref;
  return reference?.split("/").pop() ?? null;
}

function typeOf(schema = {}) {
  if (schema.$ref) return referenceName(schema);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.const) return JSON.stringify(schema.const);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return [...new Set(either.map(typeOf))].join(" | ");
  if (schema.type === "array") return `[${typeOf(schema.items)}]`;
  return schema.format ? `${schema.type} (${schema.format})` : (schema.type ?? "any");
}

customElements.define("mf-docs", Docs);
