#include "base/version.h"

namespace cortex {
std::string_view version() { return CORTEX_VERSION; }
}  // namespace cortex
