// A contact sheet: what an Augmentation makes of images, in one picture.
#pragma once

#include <nn/augment.hpp>
#include <tools/report.hpp>

#include <cstddef>

namespace xgrad::report {

struct ContactSheetOptions {
    std::size_t images = 6;       ///< rows of the sheet: the dataset's first ones, or all
    std::size_t draws = 8;        ///< columns beside the image as it is: epochs 0, 1, ...
    std::size_t gap = 2;          ///< pixels of mid grey between images and around them
    std::size_t scale = 2;        ///< each pixel becomes scale x scale
    double black = 0, white = 1;  ///< values that are drawn so; those beyond, too
};

/// Images of a dataset in the first column, and in the others what the augmentation makes of them.
/// Channels are averaged. The caption says what is seen. Throws std::invalid_argument for no
/// images, scale 0 or black equal to white, and what Augmentation::check() and the steps throw.
template <class T>
[[nodiscard]] Image contact_sheet(
    const data::Dataset<T>& dataset,
    const data::Augmentation<T>& augmentation,
    const ContactSheetOptions& options = {});

}  // namespace xgrad::report
