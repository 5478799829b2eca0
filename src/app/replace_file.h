// A file of another program, such as its settings, changed as a whole.
#pragma once

#include <string>
#include <string_view>

#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

// Readers find the old or the new file, never a half; the new one is on the disk before it takes
// the place. On an error the old file stands, and nothing is left beside it; what a crash left
// there, `<path>.cortex-draft`, goes with the next call.
Status replace_file(Services& services, const std::string& path, std::string_view text,
                    unsigned mode);

}  // namespace cortex::app
