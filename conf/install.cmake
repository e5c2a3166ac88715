# What `cmake --install` puts where, besides the programs. The files name /usr, /etc, as Debian has
# them; another prefix is written into the installed copies.
set(generated ${PROJECT_BINARY_DIR}/conf)
foreach(file itkd.conf itkd.service itkd.sysusers itkd.tmpfiles itkd.logrotate itkdctl envvars)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS conf/${file})
	file(READ ${PROJECT_SOURCE_DIR}/conf/${file} text)
	string(REPLACE "/usr/sbin/" "${CMAKE_INSTALL_FULL_SBINDIR}/" text "${text}")
	string(REPLACE "/etc/itkd" "${CMAKE_INSTALL_FULL_SYSCONFDIR}/itkd" text "${text}")
	string(REPLACE "/usr/share/itkd" "${CMAKE_INSTALL_FULL_DATADIR}/itkd" text "${text}")
	file(WRITE ${generated}/${file} "${text}")
endforeach()

# Beside itkd in the build tree, too: there ITKD_HTTPD names the program.
configure_file(${PROJECT_SOURCE_DIR}/conf/itkdctl ${PROJECT_BINARY_DIR}/itkdctl COPYONLY)

set(etc ${CMAKE_INSTALL_FULL_SYSCONFDIR})
install(DIRECTORY conf/welcome DESTINATION ${CMAKE_INSTALL_DATADIR}/itkd)
install(PROGRAMS ${generated}/itkdctl DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES docs/itkd.8 docs/itkdctl.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES docs/itkd.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${generated}/itkd.service DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
install(FILES ${generated}/itkd.sysusers DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/sysusers.d
	RENAME itkd.conf)
install(FILES ${generated}/itkd.tmpfiles DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/tmpfiles.d
	RENAME itkd.conf)
install(FILES ${generated}/itkd.logrotate DESTINATION ${etc}/logrotate.d RENAME itkd)
install(DIRECTORY DESTINATION ${etc}/itkd/sites-enabled)
install(DIRECTORY DESTINATION /var/log/itkd DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)

# An administrator's configuration is not overwritten. The users and the logs' directory are made
# where this is the real system, and left to the package's scripts where it is a DESTDIR.
install(CODE "
	foreach(file itkd.conf envvars)
		set(kept \"\$ENV{DESTDIR}${etc}/itkd/\${file}\")
		if(EXISTS \"\${kept}\")
			message(STATUS \"Kept as it is: \${kept}\")
		else()
			file(INSTALL \"${generated}/\${file}\" DESTINATION \"${etc}/itkd\")
		endif()
	endforeach()
	find_program(sysusers systemd-sysusers)
	if(NOT \"\$ENV{DESTDIR}\" AND sysusers)
		execute_process(COMMAND \${sysusers} \"${generated}/itkd.sysusers\" RESULT_VARIABLE bad)
		if(bad)
			message(WARNING \"systemd-sysusers failed: make the users _itkd and _itkdlog\")
		endif()
	endif()
	find_program(tmpfiles systemd-tmpfiles)
	if(NOT \"\$ENV{DESTDIR}\" AND tmpfiles)
		execute_process(COMMAND \${tmpfiles} --create \"${generated}/itkd.tmpfiles\"
			RESULT_VARIABLE bad)
		if(bad)
			message(WARNING \"systemd-tmpfiles failed: see ${generated}/itkd.tmpfiles\")
		endif()
	endif()
")
