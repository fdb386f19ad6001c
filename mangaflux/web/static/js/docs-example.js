// One curl command for each route, which works when it is pasted: files have the names that `mangaflux demo` gives them.

//: What stands for a parameter of a path; quoted shell variables where only an earlier answer knows the value.
const VALUES = {
  chapter_id: "chapter_001",
  page_num: "1",
  name: "lite",
  job_id: "$JOB",
  sha256: "$SHA256",
  file: "icon.svg",
  key: "$MIT_KEY",
};
const SETUP = {
  job_id: (origin) => `JOB=$(curl -sS "${origin}/v1/jobs?limit=1" | sed -E 's/.*"job_id": ?"([^"]+)".*/\\1/')`,
  sha256: (origin) =>
    `SHA256=$(curl -sSf ${origin}/v1/assets -H 'Content-Type: image/png' \\\n  --data-binary @style_reference.png | sed -E 's/.*"sha256": ?"([^"]+)".*/\\1/')`,
  style: (origin) =>
    `STYLE=$(curl -sSf ${origin}/v1/assets -H 'Content-Type: image/png' \\\n  --data-binary @style_reference.png | sed -E 's/.*"asset_id": ?"([^"]+)".*/\\1/')`,
};

const BODIES = {
  "/v1/jobs/two-pass": [
    '-F \'request={"chapter_id": "chapter_001", "input_mode": "batch"};type=application/json\'',
    "-F pages=@pages/page_001.png -F pages=@pages/page_002.png",
    "-F style_reference=@style_reference.png",
  ],
  "/v1/jobs/pass1": [
    '-F \'request={"chapter_id": "chapter_001", "input_mode": "batch"};type=application/json\'',
    "-F pages=@pages/page_001.png -F pages=@pages/page_002.png",
  ],
  "/v1/jobs/pass2": [
    "-H 'Content-Type: application/json'",
    '-d \'{"chapter_id": "chapter_001", "style_reference": "\'"$STYLE"\'"}\'',
  ],
  "/v1/assets": ["-H 'Content-Type: image/png' --data-binary @style_reference.png"],
  "/v1/convert": ["-F image=@pages/page_001.png -o page_001_colorized.png"],
  "/mit/{key}/translate/with-form/image": ["-F image=@pages/page_001.png -o page_001_colorized.png"],
  "/mit/{key}/translate/with-form/image/stream": ["-F image=@pages/page_001.png -o frames.bin"],
  "/v1/session": ['-H "Authorization: Bearer $MANGA_FLUX_API_TOKEN" -c cookies.txt'],
};

/** The command of a route, with what has to be known before it on lines of its own. */
export function exampleOf(path, method, operation, origin) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const address = path.replace(/\{(\w+)\}/g, (_whole, name) => VALUES[name] ?? name);
  const setup = names.filter((name) => name in SETUP).map((name) => SETUP[name](origin));
  if (method === "post" && path === "/v1/jobs/pass2") setup.push(SETUP.style(origin));
  const flags = ["-sS", ...flagsOf(path, method, operation)];
  const extra = method === "post" || method === "patch" ? bodyOf(path, method, operation) : [];
  return [...setup, [`curl ${flags.join(" ")} "${origin}${address}"`, ...extra].join(" \\\n  ")].join("\n");
}

function flagsOf(path, method, operation) {
  const types = Object.keys(operation.responses["200"]?.content ?? {});
  const flags = method === "get" ? [] : [`-X ${method.toUpperCase()}`];
  if (types.includes("text/event-stream")) flags.push("-N --max-time 30");
  else if (method === "get" && types.some((type) => /^(image|application\/vnd)/.test(type) || type === "*/*")) flags.push("-OJ");
  return flags;
}

function bodyOf(path, method, operation) {
  if (path in BODIES) return BODIES[path];
  if (method === "patch") return ["-H 'Content-Type: application/json' -d '{\"priority\": 5}'"];
  return operation.requestBody ? ["-H 'Content-Type: application/json' -d '{}'"] : [];
}
