"""Families of timm's models, each by a small one."""

from __future__ import annotations

FAMILIES = (
    "resnet10t", "resnetv2_18", "regnety_002", "dla46_c", "test_efficientnet", "test_convnext", "test_mambaout",
    "lcnet_035", "mobilenetv3_small_050", "ghostnet_050", "mobilevit_xxs", "edgenext_xx_small", "starnet_s1",
    "swiftformer_xs", "tiny_vit_5m_224", "pvt_v2_b0", "xcit_nano_12_p8_224", "vit_tiny_patch16_224",
)  # fmt: skip
"""Of a second or less; networks that timm cuts by layers, by hooks and by asking for intermediates."""
MANY = (
    "resnext50_32x4d", "seresnet18", "efficientnet_b0", "mobilenetv2_050", "mobilenetv4_conv_small_050",
    "convnextv2_atto", "densenet121", "hrnet_w18_small", "regnetx_002", "vgg11", "vgg11_bn", "inception_v3",
    "inception_v4", "xception41", "mnasnet_050", "tinynet_e", "rexnet_100", "cspresnet50", "darknet53",
    "resnest14d", "res2net50_26w_4s", "repvgg_a0", "mobileone_s0", "levit_128s", "efficientformer_l1",
    "poolformer_s12", "swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "deit_tiny_patch16_224",
    "beit_base_patch16_224", "eva02_tiny_patch14_224", "cait_xxs24_224", "crossvit_tiny_240", "convmixer_768_32",
    "gmlp_s16_224", "resmlp_12_224", "nfnet_f0", "focalnet_tiny_srf", "davit_tiny", "coatnet_nano_rw_224",
    "maxvit_tiny_rw_224", "nest_tiny", "twins_pcpvt_small", "visformer_tiny", "tresnet_m", "ese_vovnet19b_dw",
    "selecsls42b", "nasnetalarge", "pnasnet5large", "dpn48b", "hgnet_tiny", "fastvit_t8", "repvit_m0_9",
    "efficientvit_b0", "inception_next_atto", "hiera_tiny_224",
)  # fmt: skip
"""Most of the others that have a fine enough map."""
