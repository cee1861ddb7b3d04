// A websocket that lasts: textual.js opens one and draws what it brings. When it drops, another takes its place, and the page says so.
// Loaded before textual.js, which finds it under the name of the browser's own.
(() => {
  "use strict";
  const Plain = window.WebSocket;
  const FIRST_PAUSE = 500, LONGEST_PAUSE = 5000;
  // Why the server ends it for good (fargate_lab/classroom/screens.py).
  const FOR_GOOD = new Set([1003, 4000, 4001, 4002, 4003, 4004]);
  const FREED = 4004;

  const tell = (text, lost) => {
    const state = document.getElementById("state");
    state.textContent = text;
    state.classList.toggle("lost", lost);
  };

  class Lasting {
    constructor(url) {
      this.url = new URL(url);
      this.listeners = { open: [], message: [], close: [] };
      this.pause = FIRST_PAUSE;
      this.binaryType = "arraybuffer";
      this.connect();
    }

    addEventListener(kind, listener) {
      if (kind in this.listeners) this.listeners[kind].push(listener);
    }

    send(text) {
      const said = JSON.parse(text);
      if (said[0] === "resize") {
        this.url.searchParams.set("width", said[1].width);
        this.url.searchParams.set("height", said[1].height);
      }
      if (this.socket.readyState === Plain.OPEN) this.socket.send(text);
    }

    emit(kind, event) {
      for (const listener of this.listeners[kind]) listener(event);
    }

    connect() {
      const socket = new Plain(this.url);
      this.socket = socket;
      socket.binaryType = this.binaryType;
      socket.addEventListener("open", (event) => {
        this.pause = FIRST_PAUSE;
        tell("connected", false);
        // F5 and its like are the lab's while the terminal has the keyboard.
        if (document.activeElement === document.body) document.querySelector("#terminal textarea")?.focus();
        this.emit("open", event);
        // Keys are for the lab, from the first on; one that reaches the page may reload it or open the browser's help.
        document.querySelector("#terminal textarea")?.focus();
      });
      socket.addEventListener("message", (event) => this.emit("message", event));
      socket.addEventListener("close", (event) => this.dropped(event));
    }

    async dropped(event) {
      if (FOR_GOOD.has(event.code)) {
        tell("not connected", true);
        return this.over(event.reason || "The connection has ended.", event.code === FREED);
      }
      tell("connection lost, trying again", true);
      await new Promise((done) => setTimeout(done, this.pause));
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
      try {
        const answer = await fetch(document.body.dataset.alive, { cache: "no-store" });
        if (answer.status === 403) return window.location.replace(document.body.dataset.home);
      } catch {
        // Nobody answers yet.
      }
      this.connect();
    }

    over(why, freed) {
      const dialog = document.getElementById("over");
      document.getElementById("why").textContent = why;
      if (freed) document.getElementById("again").textContent = "To the first page";
      dialog.addEventListener("close", () => {
        // There is nothing to open any more; the page has the old code, too.
        if (freed) return window.location.replace(document.body.dataset.home);
        this.pause = FIRST_PAUSE;
        tell("connecting", false);
        this.connect();
      }, { once: true });
      dialog.showModal();
    }
  }
  window.WebSocket = Lasting;

  // The size of the text is this browser's own, and smaller on a phone.
  const sized = () => {
    try {
      return Number(localStorage.getItem("text-size")) || 0;
    } catch {
      return 0;
    }
  };
  const chosen = () => sized() || (window.innerWidth < 640 ? 9 : window.innerWidth < 1000 ? 13 : 16);
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("terminal").dataset.fontSize = chosen();
    for (const [id, step] of [["smaller", -1], ["larger", 1]]) {
      document.getElementById(id).addEventListener("click", () => {
        try {
          localStorage.setItem("text-size", Math.min(32, Math.max(6, chosen() + step)));
        } catch {
          return;
        }
        window.location.reload();
      });
    }
    // One sheet at a time, and Escape closes it.
    const sheets = [...document.querySelectorAll("details")];
    for (const sheet of sheets) {
      sheet.addEventListener("toggle", () => {
        if (sheet.open) for (const other of sheets) if (other !== sheet) other.open = false;
      });
      sheet.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
          sheet.open = false;
          sheet.querySelector("summary").focus();
        }
      });
    }
  });
})();
