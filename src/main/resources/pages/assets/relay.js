/* What the pages do beside what the server does. Without it every page works, only it does not refresh by itself. */
(() => {
  'use strict';

  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const cookie = name => (document.cookie.split('; ').find(part => part.startsWith(name + '=')) || '').slice(name.length + 1);

  // Every request carries the token of the login's forms
  document.addEventListener('htmx:configRequest', event => {
    event.detail.headers['X-XSRF-TOKEN'] = cookie('XSRF-TOKEN');
  });

  // Nothing is asked for a tab that nobody sees
  document.addEventListener('htmx:beforeRequest', event => {
    // nor does a list move under somebody's pointer
    const reading = event.target.matches('[data-live]') && event.target.matches(':hover, :focus-within');
    if (event.target.matches('[data-poll]') && (document.hidden || reading)) {
      event.preventDefault();
    }
    if (reading && !document.hidden) {
      count();
    }
  });

  // What has come while somebody reads is counted, and shown when he asks for it or the pointer has left the list
  const fresh = document.getElementById('fresh');
  const addresses = root => all('[data-rows] > [data-row] a[href^="/events/"]', root).map(link => link.getAttribute('href'));
  const count = async () => {
    const link = fresh.querySelector('a');
    const answer = await fetch(link.href, {headers: {Accept: 'text/html'}}).catch(() => null);
    if (!answer) {
      tell('The relay does not answer; what is shown here is from before. It is asked again by itself.');
    } else if (answer.redirected) {
      tell('You are not logged in any more; load the page again. What is shown here is from before.');
    } else if (answer.ok) {
      const now = addresses(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      const before = new Set(addresses(document));
      const more = now.filter(address => !before.has(address)).length;
      link.textContent = (more === now.length && more > 0 ? 'at least ' : '') + more + ' new';
      fresh.hidden = more === 0;
    }
  };
  document.addEventListener('htmx:afterSwap', () => {
    if (fresh) {
      fresh.hidden = true;
    }
  });

  // A refresh that fails is told once, and what is on the page stays
  const stale = document.getElementById('stale');
  const tell = text => {
    stale.textContent = text;
    stale.hidden = !text;
  };
  document.addEventListener('htmx:responseError', event => {
    if (event.detail.xhr.status === 401) {
      tell('You are not logged in any more; load the page again. What is shown here is from before.');
    } else {
      tell('The relay answers ' + event.detail.xhr.status + ' now; what is shown here is from before.');
    }
  });
  document.addEventListener('htmx:sendError', () => tell('The relay does not answer; what is shown here is from before. It is asked again by itself.'));
  document.addEventListener('htmx:afterOnLoad', () => tell(''));

  // Times: how long ago, and on hover when, in the browser's zone
  const ago = seconds => seconds < 5 ? 'now' : seconds < 60 ? Math.floor(seconds) + ' s ago' : seconds < 3600 ? Math.floor(seconds / 60) + ' min ago'
    : seconds < 172800 ? Math.floor(seconds / 3600) + ' h ago' : Math.floor(seconds / 86400) + ' d ago';
  const absolute = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});
  const clock = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});
  const times = root => all('time[datetime]', root).forEach(time => {
    const at = new Date(time.dateTime);
    const text = time.dataset.as === 'clock' ? clock.format(at) : time.dataset.as === 'full' ? absolute.format(at) : ago((Date.now() - at) / 1000);
    if (time.textContent !== text) {
      time.textContent = text;
    }
    time.title = absolute.format(at);
  });

  // Dialogs by buttons
  document.addEventListener('click', event => {
    const opener = event.target.closest('[data-opens]');
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.opens).showModal();
    }
    const closer = event.target.closest('[data-closes]');
    if (closer) {
      event.preventDefault();
      closer.closest('dialog').close();
    }
  });

  // Copy buttons
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-copies]');
    if (button) {
      const text = document.getElementById(button.dataset.copies).textContent;
      const before = button.textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
      } catch (refused) {
        getSelection().selectAllChildren(document.getElementById(button.dataset.copies));
        button.textContent = 'Press Ctrl+C';
      }
      setTimeout(() => { button.textContent = before; }, 2000);
    }
  });

  // Keys
  const rows = () => all('[data-rows] > [data-row]');
  const move = step => {
    const list = rows();
    const at = list.findIndex(row => row.contains(document.activeElement));
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))];
    const link = next && next.querySelector('a');
    if (link) {
      link.focus();
      next.scrollIntoView({block: 'nearest'});
    }
  };
  const show = dialog => {
    if (dialog && !dialog.open) {
      dialog.showModal();
    }
  };
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select, dialog, .CodeMirror')) {
      return;
    }
    const search = document.querySelector('input[type=search]');
    if (event.key === '/' && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'j' || event.key === 'k') {
      move(event.key === 'j' ? 1 : -1);
    } else if (event.key === 'r') {
      show(document.getElementById('replay'));
    } else if (event.key === '?') {
      show(document.getElementById('help'));
    }
  });

  // Charts: what came and went a minute, and below it how long a delivery took
  const styles = getComputedStyle(document.documentElement);
  const colour = name => styles.getPropertyValue(name).trim();
  const charts = () => all('[data-series]').forEach(async place => {
    try {
      const answer = await fetch(place.dataset.series, {headers: {Accept: 'application/json'}});
      const series = await answer.json();
      place.textContent = '';
      if (series.at.length < 2) {
        place.textContent = 'The chart begins a minute or two after the start.';
        return;
      }
      const line = (label, stroke, dash) => ({label, stroke, dash, width: 1.5, points: {show: false}, value: (u, v) => v === null ? '' : Math.round(v) + '/min'});
      const axis = {stroke: colour('--muted'), grid: {stroke: colour('--line'), width: 1}, ticks: {stroke: colour('--line'), width: 1}};
      new uPlot({width: Math.max(280, place.clientWidth), height: 200, axes: [axis, axis],
        series: [{}, line('received', colour('--text')), line('delivered', colour('--edge')), line('skipped', colour('--muted'), [4, 4]), line('parked', colour('--accent'))]},
      [series.at, series.received, series.delivered, series.skipped, series.parked], place);
      const last = list => list.slice().reverse().find(value => value !== null);
      const latency = document.querySelector('[data-latency]');
      if (latency && place.id === 'chart-hour' && last(series.median) !== undefined) {
        latency.textContent = 'Half of the deliveries took up to ' + last(series.median) + ' s, 95 of 100 up to ' + last(series.most) + ' s from webhook to destination.';
      }
    } catch (failed) {
      place.textContent = 'The chart cannot be drawn now.';
    }
  });
  charts();

  const ready = root => {
    times(root);
  };
  document.addEventListener('htmx:afterSettle', () => ready(document));
  setInterval(() => times(document), 5000);
  ready(document);
})();
