// Cells that begin with %%sql are coloured as SQL. Written by hand as JupyterLab loads built extensions: a container
// with `init`, which is given the modules that all share, and `get`, which answers with the module of the plugin.
(() => {
  const NAME = "igny8-sql-cells";
  const SQL = "text/x-sql";
  let shared;

  async function sharedModule(name) {
    const [found] = Object.values(shared[name]);
    return (await found.get())();
  }

  function colour(notebook, model) {
    if (model.type !== "code") return;
    const update = () => {
      const type = model.sharedModel.getSource().startsWith("%%sql") ? SQL : notebook.codeMimetype;
      if (model.mimeType !== type) model.mimeType = type;
    };
    model.contentChanged.connect(update);
    model.mimeTypeChanged.connect(update);
    update();
  }

  function colourAll(panel) {
    const known = new WeakSet();
    const look = () => {
      for (const model of panel.content.model?.cells ?? []) {
        if (known.has(model)) continue;
        known.add(model);
        colour(panel.content, model);
      }
    };
    panel.context.ready.then(() => {
      look();
      panel.content.model.cells.changed.connect(look);
    });
  }

  async function plugin() {
    const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
    const activate = (app, tracker) => {
      tracker.widgetAdded.connect((_, panel) => colourAll(panel));
      tracker.forEach(colourAll);
    };
    return { id: `${NAME}:plugin`, autoStart: true, requires: [INotebookTracker], activate };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: async (scope) => {
      shared = scope;
    },
    get: async () => {
      const found = await plugin();
      return () => ({ __esModule: true, default: found });
    },
  };
})();
