/* The playground: two editors in the place of its text areas, and a result that follows what is typed. Without it there is the button. */
(() => {
  'use strict';

  const main = document.getElementById('playground');
  const choose = document.getElementById('choose');
  if (!main) {
    return;
  }
  const again = document.getElementById('try');

  // what is wrong with the text stands in the result, with its place
  const mistakes = () => Array.from(document.querySelectorAll('#mistakes [data-line]')).filter(one => one.dataset.line > 0).map(one => {
    const line = one.dataset.line - 1;
    const column = Math.max(0, one.dataset.column - 1);
    const text = editors.text.getLine(line) || '';
    const word = /^\W?\w*/.exec(text.slice(column))[0].length;
    return {message: one.dataset.message, from: CodeMirror.Pos(line, column), to: CodeMirror.Pos(line, one.dataset.column > 0 ? column + Math.max(1, word) : text.length)};
  });

  const editor = (id, mode, more) => {
    const area = document.getElementById(id);
    const made = CodeMirror.fromTextArea(area, Object.assign({mode, lineNumbers: true, lineWrapping: false, matchBrackets: true, inputStyle: 'contenteditable', indentUnit: 2, tabSize: 2,
      // the Tab key leads out of the editor, as out of every field
      extraKeys: {Tab: false, 'Shift-Tab': false}, viewportMargin: 50}, more));
    made.getInputField().setAttribute('aria-label', document.querySelector('label[for=' + id + ']').textContent);
    return made;
  };
  const area = document.getElementById('text');
  const editors = {};
  editors.webhook = editor('webhook', {name: 'javascript', json: true});
  editors.text = editor('text', area.dataset.mode, {gutters: ['CodeMirror-lint-markers', 'CodeMirror-linenumbers'],
    lint: {getAnnotations: () => editors.text ? mistakes() : [], lintOnChange: false}});
  const begun = {webhook: editors.webhook.getValue(), text: editors.text.getValue()};
  const changed = id => editors[id].getValue() !== begun[id];
  document.addEventListener('htmx:afterSettle', () => editors.text.performLint());
  editors.text.performLint();

  let waits;
  Object.values(editors).forEach(one => one.on('change', () => {
    one.save();
    clearTimeout(waits);
    waits = setTimeout(() => htmx.trigger(again, 'tried'), 150);
  }));

  // another file or webhook is opened at once; a webhook that was pasted comes along
  let leaves = false;
  document.getElementById('download').addEventListener('click', () => {
    leaves = true;
    setTimeout(() => { leaves = false; }, 1000);
  });
  const pasted = () => changed('webhook') || !choose.elements.event && choose.dataset.example === '';
  const open = keepsWebhook => {
    if (changed('text') && !confirm('What was changed in this file is lost.')) {
      choose.reset();
      return;
    }
    leaves = true;
    if (keepsWebhook && pasted()) {
      main.elements.file.value = choose.elements.file.value;
      area.disabled = true;
      HTMLFormElement.prototype.submit.call(main);
    } else {
      HTMLFormElement.prototype.submit.call(choose);
    }
  };
  choose.addEventListener('change', event => {
    if (event.target.id === 'provider' && choose.elements.event) {
      choose.elements.event.disabled = true;
    }
    open(event.target.id === 'file');
  });
  choose.addEventListener('submit', event => {
    event.preventDefault();
    open(false);
  });
  addEventListener('beforeunload', event => {
    if (!leaves && changed('text')) {
      event.preventDefault();
    }
  });
})();
