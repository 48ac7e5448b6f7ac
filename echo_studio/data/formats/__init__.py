"""Files of frames and label maps: PNG, NIfTI, MetaImage."""
