"""What templates of lower packages may show of this one."""
