// The services of the machine itself, as its environment asks for them.
#pragma once

#include "app/layout.h"
#include "app/services.h"
#include "base/fs/fs.h"
#include "base/time.h"
#include "net/http.h"

namespace cortex::app {

inline constexpr std::string_view kProxyVariable = "CORTEX_HTTP_PROXY";

class SystemServices {
 public:
  explicit SystemServices(const Environment& environment)
      : http_(net::system_http(), environment.get(kProxyVariable).value_or("")) {}

  SystemServices(const SystemServices&) = delete;  // the services refer to what is beside them
  SystemServices& operator=(const SystemServices&) = delete;

  Services& get() { return services_; }

 private:
  net::ProxiedHttp http_;
  Services services_{fs::posix(), system_clock(), system_random(), http_};
};

}  // namespace cortex::app
