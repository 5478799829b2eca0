#include "app/replace_file.h"

#include "base/fs/fs.h"
#include "base/text.h"
#include "base/ulid.h"

namespace cortex::app {

Status replace_file(Services& services, const std::string& path, std::string_view text,
                    unsigned mode) {
  const std::string fresh =
      cat(path, ".cortex-", Ulid::make(services.clock, services.random).text());
  auto written = fs::write_new(services.fs, fresh, text, mode);
  if (written.ok()) written = services.fs.replace(fresh, path);
  if (!written.ok()) {
    static_cast<void>(services.fs.remove_file(fresh));  // it may not be there
    return written;
  }
  return services.fs.sync_directory(fs::parent_of(path));
}

}  // namespace cortex::app
