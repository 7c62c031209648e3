"""What each guard and each code of a change means, as data. Nothing here decides anything."""
