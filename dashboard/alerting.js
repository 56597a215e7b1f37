// The page's own alerts: a sound and a notice of the browser, each only where the person has asked for it, on this
// browser. Nothing is fetched: the sound is two tones.
const KEPT = "upstand-alerts"; // in the browser's own storage, where every tab sees it
const TICK_MS = 2000;
const LATE_MS = 1500;

function kept() {
  const usual = { sound: false, volume: 0.5, notices: false, told: "" };
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(KEPT) || "{}") };
  } catch {
    return usual;
  }
}

function keep(change) {
  localStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...change }));
}

// A browser lets nothing sound before the first click on a page; what it held back is not sounded afterwards.
async function play(state, tones) {
  const asked = Date.now();
  await state.audio.resume();
  if (Date.now() - asked > LATE_MS) return;
  tones.forEach((hertz, place) => {
    const tone = state.audio.createOscillator(), loudness = state.audio.createGain();
    const at = state.audio.currentTime + 0.22 * place;
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(kept().volume * 0.6, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
    tone.connect(loudness).connect(state.audio.destination);
    tone.start(at);
    tone.stop(at + 0.55);
  });
}

const TONES = { ask: [523, 659], louder: [659, 784, 988], done: [784, 523] };

function mayNotify() {
  return "Notification" in window && Notification.permission === "granted";
}

function notify(state, alert) {
  try {
    state.notice = new Notification(alert.title, { body: alert.body, tag: alert.prompt, silent: true });
    state.notice.onclick = () => window.focus();
  } catch { // a phone's browser takes notices from a service worker alone
    keep({ notices: false });
  }
}

function tell(state, alert) {
  if (!alert || !alert.tone) {
    state.notice?.close();
    state.notice = null;
    return;
  }
  if (kept().told === alert.id) return;
  keep({ told: alert.id });
  if (kept().sound) play(state, TONES[alert.tone]);
  if (kept().notices && mayNotify()) notify(state, alert);
}

function draw(state) {
  const { sound, notices, volume } = kept(), is = (name) => state.root.querySelector("." + name);
  is("sound").setAttribute("aria-pressed", sound);
  const isHeldBack = sound && state.audio.state !== "running";
  is("sound").textContent = isHeldBack ? "Sound on, after a click" : sound ? "Sound on" : "Sound off";
  is("volume").hidden = !sound;
  is("volume").value = volume;
  const isShown = notices && mayNotify(), isRefused = "Notification" in window && Notification.permission === "denied";
  is("notices").setAttribute("aria-pressed", isShown);
  is("notices").textContent = isRefused ? "Notices refused in this browser" : isShown ? "Notices on" : "Notices off";
  is("notices").disabled = isRefused || !("Notification" in window);
}

function listen(state) {
  const is = (name) => state.root.querySelector("." + name);
  is("sound").onclick = () => {
    keep({ sound: !kept().sound });
    if (kept().sound) play(state, TONES.ask);
    draw(state);
  };
  is("volume").onchange = (event) => {
    keep({ volume: Number(event.target.value) });
    play(state, TONES.ask);
  };
  is("notices").onclick = async () => {
    const wanted = !(kept().notices && mayNotify());
    if (wanted) await Notification.requestPermission();
    keep({ notices: wanted && mayNotify() });
    draw(state);
  };
}

function wake(state) {
  const woken = () => kept().sound && state.audio.resume();
  document.addEventListener("pointerdown", woken);
  state.audio.onstatechange = () => draw(state);
  return () => document.removeEventListener("pointerdown", woken);
}

// A tab in the background has its timers slowed down to one a minute; a worker's are not.
function tick(state) {
  const source = new Blob([`setInterval(() => postMessage(0), ${TICK_MS})`], { type: "text/javascript" });
  const address = URL.createObjectURL(source), worker = new Worker(address);
  worker.onmessage = () => {
    if (document.hidden) state.setTriggerValue("tick", Date.now());
  };
  return () => {
    worker.terminate();
    URL.revokeObjectURL(address);
  };
}

const STATES = new WeakMap(); // by element: this is called again with every new word from the server

export default function (component) {
  const { parentElement: root, data, setTriggerValue } = component;
  let state = STATES.get(root);
  if (!state) {
    state = { root, notice: null, audio: new AudioContext() };
    STATES.set(root, state);
    listen(state);
    state.ends = [tick(state), wake(state)];
  }
  state.setTriggerValue = setTriggerValue;
  draw(state);
  tell(state, data);
  return () => {
    state.ends.forEach((end) => end());
    state.audio.onstatechange = null;
    state.audio.close();
    STATES.delete(root);
  };
}
