"""The page Maps: AdaCAM beside CAM and other methods."""
