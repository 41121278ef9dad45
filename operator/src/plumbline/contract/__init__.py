"""What crosses a process, each fact once: import the module that you need, this one stays empty."""
