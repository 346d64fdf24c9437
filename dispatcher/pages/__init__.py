"""The pages that people open in a browser: an app for each instance, without any server but this one."""
