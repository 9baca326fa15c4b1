// Goes through all pages that links lead to, and looks at what a browser makes of their HTML. Gives the pages it has seen, the markers it has read as
// text, and what is wrong.
const done = arguments[arguments.length - 1];
const queue = [...arguments[0]];
const elements = new Set(('html head meta title link script body a header nav form span button input div main dialog h1 h2 dl div dt dd kbd p time code pre table caption '
  + 'thead tbody tr th td label ul ol li details summary section select option fieldset legend progress textarea figure ins del svg path text rect').split(' '));
const addresses = ['href', 'src', 'action', 'formaction', 'data', 'xlink:href'];
const seen = new Set(queue);
const markers = new Set();
const wrong = new Set();
const look = (path, page) => {
  for (const element of page.querySelectorAll('*')) {
    if (!elements.has(element.localName)) {
      wrong.add(path + ': element ' + element.localName);
    }
    for (const attribute of element.attributes) {
      if (attribute.name.startsWith('on') || /mk\d/i.test(attribute.name)) {
        wrong.add(path + ': attribute ' + attribute.name);
      }
      if (addresses.includes(attribute.name) && !/^(\/(?!\/)|#|data:,$)/.test(attribute.value)) {
        wrong.add(path + ': ' + element.localName + ' ' + attribute.name + '=' + attribute.value);
      }
    }
  }
  for (const script of page.scripts) {
    if (script.textContent !== '' || !/^\/assets\/[\w.-]+\?v=\w+$/.test(script.getAttribute('src') || '')) {
      wrong.add(path + ': script ' + script.outerHTML);
    }
  }
  if (/zq49/.test(page.documentElement.outerHTML)) {
    wrong.add(path + ': a text was evaluated');
  }
  for (const marker of page.body.textContent.matchAll(/mk\d+x/g)) {
    markers.add(marker[0]);
  }
};
(async () => {
  while (queue.length > 0) {
    const path = queue.shift();
    const answer = await fetch(path, {headers: {Accept: 'text/html'}});
    if (answer.status >= 500) {
      wrong.add(path + ': answered with ' + answer.status);
    }
    if (!(answer.headers.get('Content-Type') || '').includes('html')) {
      continue;
    }
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    look(path, page);
    for (const link of page.querySelectorAll('main a[href^="/"]')) {
      const next = link.getAttribute('href');
      // the playground with what an event has, and not with each file of the product
      if (!seen.has(next) && !next.includes('/example?') && !/playground\?.*file=/.test(next)) {
        seen.add(next);
        queue.push(next);
      }
    }
  }
  done({pages: [...seen], markers: [...markers], wrong: [...wrong]});
})().catch(failed => done({pages: [...seen], markers: [...markers], wrong: [...wrong, String(failed)]}));
