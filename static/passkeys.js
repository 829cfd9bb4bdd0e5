// Passkeys: data-passkey="get" asks one of the person's passkeys and sends the form around it;
// data-passkey="create" makes a new one of the options in data-options. Without this script, or in
// a browser that knows no passkeys, codes do the same.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function ask(place) {
  const token = place.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(place.dataset.ask, {
    method: "POST", headers: { "X-CSRFToken": token }, redirect: "error" });
  if (!answer.ok) throw new Error("not asked");
  const { publicKey } = await answer.json();
  return navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      allowCredentials: withBytes(publicKey.allowCredentials),
    },
  });
}

function create(place) {
  const { publicKey } = JSON.parse(place.dataset.options);
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials),
    },
  });
}

function written(credential) {
  const { response } = credential;
  const parts = {};
  for (const name of
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = text(response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: parts,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  place.hidden = false;
  const say = place.querySelector("[role=status]");
  place.querySelector("button").addEventListener("click", async () => {
    const form = place.closest("form");
    // What else is missing is said before the person reaches for the key.
    if (!form.reportValidity()) return;
    say.textContent = "Waiting for your passkey …";
    try {
      const made = place.dataset.passkey === "create" ? await create(place) : await ask(place);
      place.querySelector("[name=passkey]").value = written(made);
    } catch {
      say.textContent = "No passkey answered. Try again, or use a code.";
      return;
    }
    say.textContent = "";
    form.requestSubmit(form.querySelector("button.main"));
  });
}
