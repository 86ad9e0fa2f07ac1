"""Line edits that show a text of the state, and leave alone what the user is about to type."""


def show_text(edit, text):
    """Show a text, unless the user is in the middle of another one."""
    if edit.text != text and not (edit.modified and edit.hasFocus()):
        edit.text = text


def typed_text(edit):
    """What was typed, which counts from now on."""
    edit.modified = False
    return edit.text.strip()
