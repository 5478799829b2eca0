// What every use case needs from outside: the file system, the clock and randomness. References
// live as long as main().
#pragma once

#include "base/fs/fs.h"
#include "base/time.h"

namespace cortex::app {

struct Services {
  fs::FileSystem& fs;
  Clock& clock;
  Random& random;
};

}  // namespace cortex::app
