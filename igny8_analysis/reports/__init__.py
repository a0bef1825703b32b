"""Reports: notebooks run by papermill, drawn by one template, published as whole, self-contained files."""
