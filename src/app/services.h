// What every use case needs from outside: the file system, the clock, randomness
// and the network. References
// live as long as main().
#pragma once

#include "base/fs/fs.h"
#include "base/time.h"
#include "net/http.h"

namespace cortex::app {

struct Services {
  fs::FileSystem& fs;
  Clock& clock;
  Random& random;
  net::Http& http = net::system_http();
};

}  // namespace cortex::app
