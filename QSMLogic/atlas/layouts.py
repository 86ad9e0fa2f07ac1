"""How known atlases are published: their files, what they show, their terms and references. One entry each."""

from dataclasses import dataclass, field

from ..registry.method import Citation

QSM_CONTRAST, T1_CONTRAST = "susceptibility", "T1-weighted"


@dataclass(frozen=True)
class Layout:
    """An atlas as it is published.

    Patterns are of file names, in the folder or below it; the first that fits is taken.

    Attributes
    ----------
    key, title : str
    template : tuple of str
        Patterns of the susceptibility map.
    minus : tuple of str
        Patterns of an image that is subtracted from it, as of the diamagnetic part; empty for none.
    anatomy : tuple of str
        Patterns of an image of other contrast on the same grid.
    labels : tuple of str
        Patterns of the label image; with `one_each`, of images that each show one structure above 0.
    names : tuple of str
        Patterns of the names of the labels.
    mask : tuple of str
        Patterns of the brain mask, or of its probability.
    one_each : bool
    terms : str
        What its authors allow, for users to read before they use it.
    citation : Citation
    published : dict
        {file name: identifiers of its published versions}, see fingerprint.
    """

    key: str
    title: str
    template: tuple
    labels: tuple
    names: tuple = ()
    minus: tuple = ()
    anatomy: tuple = ()
    mask: tuple = ()
    one_each: bool = False
    terms: str = ""
    citation: Citation | None = None
    published: dict = field(default_factory=dict)


CHI_SEPARATION = Layout(
    "chi-separation",
    "Atlas of χ-separation (Seoul National University)",
    template=("chi_para.nii*",),
    minus=("chi_dia.nii*",),
    anatomy=("t1w.nii*",),
    labels=("labels.nii*",),
    names=("label_names.csv",),
    mask=("prior.nii*",),
    terms="For academic research only; not intended for commercial or clinical use (its LICENSE.pdf).",
    citation=Citation("Min et al., NMR Biomed 2024", "10.1002/nbm.5226"),
    published={
        "chi_para.nii.gz": ("520ba76b9d360e0ff199f2651b3064e28e578fba",),
        "chi_dia.nii.gz": ("05e164fa91cd6a20f0f9dae9babbae92994f68ce",),
        "t1w.nii.gz": ("c92946a90293d936335dcfc8471b9bc8a85ec062",),
        "labels.nii.gz": ("60a14fe41e47a3c799362d51615dd64144cc1cd9",),
        "prior.nii.gz": ("a52b8dc2923bd211ea684e50a023db72d2648627",),
        "label_names.csv": ("292d6a635998d438fe18f92d81cc8b0b279a3211",),
    },
)
MUSUS_100 = Layout(
    "MuSus-100",
    "MuSus-100 atlas of deep brain nuclei (ShanghaiTech University)",
    template=("qsm.nii*",),
    anatomy=("t1.nii*",),
    labels=("DBN.nii*",),
    names=("DBN.txt",),
    terms="For research only; no commercial use (README of the atlas).",
    citation=Citation("He et al., Brain Struct Funct 2022", "10.1007/s00429-022-02547-1"),
    published={
        "qsm.nii.gz": ("07d1e8613be07bd50890f3b4cd1621834d7df077",),
        "t1.nii.gz": ("3b1af5e0ef2a43b57286b905d39a25213f5b9a8c",),
        "DBN.nii.gz": ("9b9755318b0acbf633ca3fff344f92c1ce43ddcc",),
        "DBN.txt": ("3a82965c2e024fb12a9dbd1cc421bea38f8e3766",),
    },
)
AHEAD = Layout(
    "AHEAD",
    "AHEAD atlas of subcortical structures at 7 T (Amsterdam)",
    template=("ahead_final_med_qsm_n*_mni09b.nii*",),
    anatomy=("ahead_final_med_r1map_n*_mni09b.nii*",),
    labels=("atlas-*_mask-*_mni09b.nii*",),
    one_each=True,
    terms="See the terms of the page that it was downloaded from.",
    citation=Citation("Alkemade et al., NeuroImage 2020;221:117200", "10.1016/j.neuroimage.2020.117200"),
)
ANY = Layout(
    "folder",
    "Atlas in a folder",
    template=("susceptibility.nii*", "template.nii*", "qsm.nii*", "chi.nii*", "*_Chimap.nii*"),
    anatomy=("magnitude.nii*", "t1w.nii*", "t1.nii*", "*_T1w.nii*"),
    labels=("labels.nii*", "*_dseg.nii*"),
    names=("labels.json", "label_names.*", "labels.t*", "labels.c*", "*_dseg.tsv"),
    mask=("mask.nii*", "*_mask.nii*"),
    terms="Terms unknown: ask those who made it.",
)
LAYOUTS = (CHI_SEPARATION, MUSUS_100, AHEAD, ANY)
