@echo off
rem Starts fargate-lab @VERSION@ from this folder; the first time it installs it, without internet.
rem   start.cmd              the interactive lab
rem   start.cmd WORD ...     fargate-lab WORD ...
rem It looks for a Python that this bundle is for; FARGATE_LAB_PYTHON names one to try first. start.py does the rest.
setlocal DisableDelayedExpansion
rem Python's install manager would look for a missing version on the internet.
set "PYTHON_MANAGER_AUTOMATIC_INSTALL=false"
set "FOUND="

if not defined FARGATE_LAB_PYTHON goto search
"%FARGATE_LAB_PYTHON%" -I "%~dp0start.py" fits >nul 2>nul
if %ERRORLEVEL% equ 0 set FOUND="%FARGATE_LAB_PYTHON%"
if defined FOUND goto found

:search
for %%V in (@LAUNCHER@) do (
    py -%%V -I "%~dp0start.py" fits >nul 2>nul && (
        set "FOUND=py -%%V"
        goto found
    )
)
for %%P in (python python3) do (
    %%P -I "%~dp0start.py" fits >nul 2>nul && (
        set "FOUND=%%P"
        goto found
    )
)

echo fargate-lab: no fitting Python was found. 1>&2
echo   This bundle is for @PLATFORMS@, with Python @PYTHONS@. 1>&2
echo   Install Python @NEWEST@ from python.org: Windows installer, 64-bit, also on ARM; for you alone, which needs no administrator. 1>&2
if "%~1"=="" pause
exit /b 3

:found
%FOUND% -I "%~dp0start.py" run %*
set "CODE=%ERRORLEVEL%"
if not "%CODE%"=="0" if "%~1"=="" pause
exit /b %CODE%
