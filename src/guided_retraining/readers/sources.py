"""Where each data set's files are published: addresses, sizes and checksums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One published file.

    Args:
        name: the distributor's file name.
        md5: the published checksum, in hexadecimal.
        size: bytes.
    """

    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class Source:
    """One data set's files and the places that have them.

    Args:
        mirrors: addresses of folders that hold the files, the first tried first; none if not for programs.
        files: the files.
        by_hand: what a person has to do where no address can be given.
    """

    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...] = ()
    by_hand: str = ""


# Checksums of MNIST and Fashion-MNIST: torchvision/datasets/mnist.py; Fashion-MNIST's also in the README of
# github.com/zalandoresearch/fashion-mnist. (MNIST's first server has long refused downloads.)
# CIFAR-10: the table on https://www.cs.toronto.edu/~kriz/cifar.html.
# GTSRB: the test archives as in torchvision/datasets/gtsrb.py. That loader takes another training archive,
# of the competition's 26,640 images; for the final one of 39,209 this is the checksum that other published
# loaders use.
SOURCES: dict[str, Source] = {
    "mnist": Source(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=(
            RemoteFile("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
            RemoteFile("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
            RemoteFile("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
            RemoteFile("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
        ),
    ),
    "fashion_mnist": Source(
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        files=(
            RemoteFile("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
            RemoteFile("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
            RemoteFile("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            RemoteFile("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
        ),
    ),
    "cifar10": Source(
        mirrors=("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"),
        files=(RemoteFile("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170_052_171),),
    ),
    "gtsrb": Source(
        mirrors=(
            "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/",
            "https://benchmark.ini.rub.de/Dataset/",
        ),
        files=(
            RemoteFile("GTSRB_Final_Training_Images.zip", "f33fd80ac59bff73c82d25ab499e03a3", 276_294_756),
            RemoteFile("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185", 88_978_620),
            RemoteFile("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5", 99_620),
        ),
    ),
    "intel": Source(
        mirrors=(),
        by_hand="its distributor asks for an account: sign in at "
        "https://www.kaggle.com/datasets/puneet6060/intel-image-classification, press Download, and save "
        "the zip (about 350 MB) as intel-image-classification.zip",
    ),
}
