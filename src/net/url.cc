#include "base/text.h"
#include "net/http.h"

namespace cortex::net {

std::string join_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  while (path.starts_with('/')) path.remove_prefix(1);
  return cat(base, "/", path);
}

std::string url_host(std::string_view url) {
  constexpr std::string_view kBehindScheme = "://";
  const std::size_t scheme = url.find(kBehindScheme);
  if (scheme == std::string_view::npos || scheme == 0) return "";
  url.remove_prefix(scheme + kBehindScheme.size());
  url = url.substr(0, url.find_first_of("/?#"));
  if (const std::size_t user = url.rfind('@'); user != std::string_view::npos) {
    url.remove_prefix(user + 1);
  }
  if (url.starts_with('[')) return to_lower_ascii(url.substr(0, url.find(']') + 1));
  return to_lower_ascii(url.substr(0, url.find(':')));
}

}  // namespace cortex::net
